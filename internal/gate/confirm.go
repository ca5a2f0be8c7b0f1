// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/store"
)

// confirmed returns the kept form that a person wants to be sent with this request, or
// zero when it is no confirmation. Nothing is read of a body whose length or type says
// that it is the app's.
//
// A confirmation goes on when the browser has gone. A second click on the button drops
// the first request, and that is the one which has the form.
func (v *visit) confirmed() store.ID {
	if !v.App.KeepPosts || !mayConfirm(v.r) {
		return store.ID{}
	}
	head := make([]byte, resend.ConfirmationSize+1)
	n, err := io.ReadFull(v.r.Body, head)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		if id, ok := resend.ParseConfirmation(head[:n]); ok {
			v.r = v.r.WithContext(context.WithoutCancel(v.r.Context()))
			return id
		}
	}
	v.r.Body = unread{io.MultiReader(bytes.NewReader(head[:n]), v.r.Body), v.r.Body}
	return store.ID{}
}

// resends reports whether the request is a confirmation.
func (v *visit) resends() bool { return !v.form.IsZero() }

// mayConfirm reports whether the head of a request can be that of a confirmation.
func mayConfirm(r *http.Request) bool {
	if r.ContentLength != int64(resend.ConfirmationSize) && r.ContentLength >= 0 || r.Method != http.MethodPost {
		return false
	}
	contentType := r.Header["Content-Type"]
	return len(contentType) == 1 && contentType[0] == resend.ConfirmationType
}

// unread is a body of which the beginning was looked at.
type unread struct {
	io.Reader
	io.Closer
}

// restore makes the request the form.
func restore(r *http.Request, form *resend.Form) {
	for name, value := range map[string]string{
		"Content-Type":   form.ContentType,
		"Content-Length": strconv.Itoa(len(form.Body)),
		"Origin":         form.Origin,
		"Referer":        form.Referer,
	} {
		if value == "" {
			delete(r.Header, name)
			continue
		}
		r.Header[name] = []string{value}
	}
	delete(r.Header, "Transfer-Encoding")
	r.TransferEncoding = nil
	r.ContentLength = int64(len(form.Body))
	r.Body = io.NopCloser(bytes.NewReader(form.Body))
}
