// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// client asks the admin API: that of a running Caddy, or its own over the store
// that it has opened. To a command both are the same.
type client struct {
	http.RoundTripper
	origin string // "http://localhost:2019"
	// named says that the origin is one that Caddy knows.
	named bool
	// where says in words who answers.
	where string
	close func() error
}

// newClient returns a client of the admin endpoint at an address as Caddy writes
// it: a host and port, or `unix/` and a path.
func newClient(address string) (*client, error) {
	expanded, err := expand(address)
	if err != nil {
		return nil, fmt.Errorf("admin address %q: %w", address, err)
	}
	parsed, err := caddy.ParseNetworkAddress(expanded)
	origin := "http://" + parsed.JoinHostPort(0)
	if err == nil && !parsed.IsUnixNetwork() {
		_, err = url.Parse(origin)
	}
	if err != nil || parsed.PortRangeSize() > 1 {
		return nil, fmt.Errorf("admin address %q: write host:port, or unix/ and the path of a socket", address)
	}
	if parsed.IsUnixNetwork() {
		// What follows a bar are permissions for the socket, and no part of its path.
		parsed.Host, _, _ = strings.Cut(parsed.Host, "|")
		origin = "http://127.0.0.1" // which Caddy does not look at
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	return &client{
		RoundTripper: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, parsed.Network, parsed.JoinHostPort(0))
		}},
		origin: origin,
		named:  !parsed.IsUnixNetwork(),
		where:  "the Caddy at " + address,
		close:  func() error { return nil },
	}, nil
}

// send asks and returns an answer of status 200, whose body the caller closes.
func (c *client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var data io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		data = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.origin+adminPrefix+path, data)
	if err != nil {
		return nil, err
	}
	if c.named {
		// A socket has no origin, and Caddy allows none there.
		request.Header.Set("Origin", c.origin)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.RoundTrip(request)
	if _, here := c.RoundTripper.(*inProcess); here && err != nil {
		return nil, err // which names the store
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.where, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, c.refusal(answer)
}

// refused is an answer that is an error, in the words of whoever gave it.
type refused struct {
	status int
	text   string
}

func (r *refused) Error() string { return r.text }

func (c *client) refusal(answer *http.Response) error {
	var told struct {
		Error string `json:"error"`
	}
	err := json.NewDecoder(io.LimitReader(answer.Body, maxAdminBody)).Decode(&told)
	if err != nil || told.Error == "" {
		told.Error = fmt.Sprintf("%s answered %q: is it a Caddy with Gatehouse?", c.where, answer.Status)
	}
	return &refused{answer.StatusCode, told.Error}
}

// ask sends a request and returns the JSON that it is answered with.
func ask[A any](ctx context.Context, c *client, method, path string, body any) (answer A, err error) {
	response, err := c.send(ctx, method, path, body)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return answer, fmt.Errorf("%s gave an answer that cannot be read: %w", c.where, err)
	}
	return answer, nil
}

// withQuery adds what is not empty to a path.
func withQuery(path string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// inProcess answers requests from a store that it opens with the first of them, and
// no earlier: Caddy could not start while somebody thinks about a password.
type inProcess struct {
	open     func() (*operator, error)
	operator *operator
}

// RoundTrip implements http.RoundTripper.
func (p *inProcess) RoundTrip(r *http.Request) (_ *http.Response, err error) {
	if p.operator == nil {
		if p.operator, err = p.open(); err != nil {
			return nil, err
		}
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() {
		if broken := recover(); broken == http.ErrAbortHandler {
			err = errors.New("the answer was cut short")
		} else if broken != nil {
			panic(broken)
		}
	}()
	w := &answer{header: make(http.Header)}
	var refusal caddy.APIError
	switch err := p.operator.serve(w, r); {
	case errors.As(err, &refusal):
		text, err := json.Marshal(map[string]string{"error": refusal.Error()})
		if err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: refusal.HTTPStatus, Body: io.NopCloser(bytes.NewReader(text)), Header: w.header}, nil
	case err != nil:
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(&w.body), Header: w.header}, nil
}

// answer keeps an answer in memory.
type answer struct {
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
func (a *answer) WriteHeader(int)             {}
