// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"io"
	"net/http"
)

// CleanTrailer does for the fields behind the body what Clean does for those
// before it. They arrive after the request has been passed on, so the body is
// watched for its end. It changes nothing where there can be no trailer.
func (c *Cleaner) CleanTrailer(r *http.Request) {
	if r.Body == nil || (r.Trailer == nil && r.ContentLength >= 0) {
		return
	}
	c.remove(r.Trailer)
	r.Body = &trailedBody{ReadCloser: r.Body, request: r, cleaner: c}
}

// trailedBody is a body with a trailer, which the server puts into the request in
// the Read that ends the body.
type trailedBody struct {
	io.ReadCloser
	request *http.Request
	cleaner *Cleaner
}

// Read reads from the body, and cleans the trailer when there is no more.
func (b *trailedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.cleaner.remove(b.request.Trailer)
	}
	return n, err
}
