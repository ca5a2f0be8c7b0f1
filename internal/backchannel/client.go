// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxHeader and maxBody bound how much of an app's answer is read.
	maxHeader = 16 << 10
	maxBody   = 4 << 10
)

// client sends logout tokens and nothing else. It goes where it is told and
// nowhere else: no redirect, no proxy from the environment, no cookie, and no
// connection that outlives its one request.
type client struct {
	http    http.Client
	timeout time.Duration
}

func newClient(timeout time.Duration) *client {
	return &client{
		timeout: timeout,
		http: http.Client{
			Timeout: timeout, // from the first look-up of the name to the last byte
			Transport: &http.Transport{
				DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
				MaxResponseHeaderBytes: maxHeader,
				DisableKeepAlives:      true,
				DisableCompression:     true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// post sends a logout token (Back-Channel Logout 1.0, section 2.5) and returns the
// status of the answer. Its error is in our own words: what the app says goes into
// no log, since it has just been handed a token.
func (c *client) post(ctx context.Context, address, token string) (status int, err error) {
	form := url.Values{"logout_token": {token}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form))
	if err != nil {
		return 0, errors.New("its address is none")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "Gatehouse")
	response, err := c.http.Do(request)
	if err != nil {
		return 0, c.explain(err)
	}
	defer response.Body.Close()
	// Several servers stop an app whose answer nobody reads. What it says, and
	// whether it ends, does not matter any more.
	_, _ = io.CopyN(io.Discard, response.Body, maxBody)
	return response.StatusCode, nil
}

// explain says why there was no answer.
func (c *client) explain(err error) error {
	var (
		timeout     net.Error
		network     *net.OpError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer within %s", c.timeout)
	case errors.As(err, &certificate):
		return fmt.Errorf("its certificate is not trusted: %w", certificate.Err)
	case errors.As(err, &network):
		return network
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it closed the connection without an answer")
	}
	return errors.New("its answer is not HTTP, or its header is too long: is the scheme of its address right?")
}
