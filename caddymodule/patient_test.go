// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"errors"
	"io"
	"net/http"
	"syscall"
)

// patient tries again, as a browser does, where a server closes a connection unanswered:
// for a moment after a reload that of the configuration before may still take one.
type patient struct{ http.RoundTripper }

const mostTries = 20

func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := p.RoundTripper.RoundTrip(r)
	for tries := 1; tries < mostTries && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)); tries++ {
		if r, err = renewed(r); err != nil {
			return nil, err
		}
		answer, err = p.RoundTripper.RoundTrip(r)
	}
	return answer, err
}

// renewed returns a request with its body from the beginning.
func renewed(r *http.Request) (*http.Request, error) {
	r = r.Clone(r.Context())
	if r.GetBody == nil {
		return r, nil
	}
	body, err := r.GetBody()
	r.Body = body
	return r, err
}
