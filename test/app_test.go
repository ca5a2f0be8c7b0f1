// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// app is an app behind a gate that looks at bytes: what it has received, line by
// line, before anything has made maps and canonical names of it. It answers with
// the same lines, so that a test sees them in the page.
type app struct {
	address string

	mu   sync.Mutex
	seen []received
}

// received is the head of a request as it came in.
type received struct {
	request string // the request line
	lines   []string
}

// newApp runs an app until the test ends.
func newApp(t *testing.T) *app {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &app{address: listener.Addr().String()}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go a.serve(conn)
		}
	})
	t.Cleanup(func() {
		listener.Close()
		connections.Wait()
	})
	return a
}

// serve answers one request.
func (a *app) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	r, err := read(in)
	if err != nil {
		return
	}
	a.mu.Lock()
	a.seen = append(a.seen, r)
	a.mu.Unlock()
	switch {
	case len(r.values("Upgrade")) > 0:
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+r.values("Upgrade")[0]+"\r\n\r\n")
		io.Copy(conn, in)
	case strings.HasPrefix(r.path(), "/stream"):
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: here\n\n")
		io.Copy(io.Discard, in) // until somebody closes
	default:
		io.CopyN(io.Discard, in, r.length())
		a.answer(conn, r)
	}
}

// answer sends the lines back, and what the query asks for as header lines.
func (a *app) answer(w io.Writer, r received) {
	body := r.request + "\n" + strings.Join(r.lines, "\n") + "\n"
	var extra string
	for _, line := range r.query()["answer"] {
		extra += line + "\r\n"
	}
	if many, err := strconv.Atoi(r.query().Get("cookies")); err == nil {
		length, _ := strconv.Atoi(r.query().Get("length"))
		for i := range many {
			extra += fmt.Sprintf("Set-Cookie: c%d=%s; Path=/\r\n", i, strings.Repeat("v", length))
		}
	}
	if strings.HasPrefix(r.request, http.MethodHead+" ") {
		body = ""
	}
	fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n%s", len(body), extra, body)
}

// last returns the latest request, and fails when there is none.
func (a *app) last(t *testing.T) received {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.seen) == 0 {
		t.Fatal("nothing has reached the app")
	}
	return a.seen[len(a.seen)-1]
}

// count returns how many requests have come.
func (a *app) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen)
}

// all returns every request so far.
func (a *app) all() []received {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]received(nil), a.seen...)
}

func read(in *bufio.Reader) (r received, err error) {
	lines := textproto.NewReader(in)
	if r.request, err = lines.ReadLine(); err != nil {
		return r, err
	}
	for {
		line, err := lines.ReadLine()
		if err != nil || line == "" {
			return r, err
		}
		r.lines = append(r.lines, line)
	}
}

// values returns the values under a name, in any case.
func (r received) values(name string) []string {
	var found []string
	for _, line := range r.lines {
		if n, value, _ := strings.Cut(line, ":"); strings.EqualFold(n, name) {
			found = append(found, strings.TrimSpace(value))
		}
	}
	return found
}

// folded returns the values under every name that CGI and PHP take for this one.
func (r received) folded(name string) []string {
	fold := strings.NewReplacer("_", "-", ".", "-", " ", "-")
	var found []string
	for _, line := range r.lines {
		if n, value, _ := strings.Cut(line, ":"); strings.EqualFold(fold.Replace(n), fold.Replace(name)) {
			found = append(found, strings.TrimSpace(value))
		}
	}
	return found
}

func (r received) target() string {
	fields := strings.Fields(r.request)
	if len(fields) < 2 {
		return ""
	}
	return fields[1]
}

func (r received) path() string {
	path, _, _ := strings.Cut(r.target(), "?")
	return path
}

func (r received) query() url.Values {
	_, query, _ := strings.Cut(r.target(), "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil
	}
	return values
}

func (r received) length() int64 {
	if values := r.values("Content-Length"); len(values) == 1 {
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err == nil {
			return n
		}
	}
	return 0
}
