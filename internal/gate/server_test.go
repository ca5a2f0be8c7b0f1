// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/netip"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// serve puts the gate into a real server, in front of an app. The server speaks
// plain http, as one behind a load balancer does.
func (d *door) serve(app http.Handler) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		original := *r.URL
		pass := d.Admit(w, r, gate.Arrival{Client: netip.MustParseAddr("192.0.2.7"), URL: &original, ID: requestID})
		if pass == nil {
			return
		}
		defer pass.Release()
		app.ServeHTTP(pass.Writer, pass.Request)
	}))
	d.tb.Cleanup(server.Close)
	return server
}

// get asks the server, as whoever holds the token.
func get(t *testing.T, address string, token session.Token) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != (session.Token{}) {
		holding(token)(r)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// proxied is an app behind a proxy.
func proxied(app http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		upstream := httptest.NewServer(app)
		defer upstream.Close()
		clear(w.Header())
		to, _ := url.Parse(upstream.URL)
		httputil.NewSingleHostReverseProxy(to).ServeHTTP(w, r)
	}
}

// hostile says in an answer what an app must not say.
func hostile(h http.Header) {
	h.Add("Set-Cookie", cookie+"=x; Path=/; Secure")
	h.Add("Set-Cookie", "gatehouse=x")
	h.Add("Set-Cookie", "app=1; Domain=example.com")
	h.Set("Clear-Site-Data", `"*"`)
	h.Set("Cache-Control", "public, s-maxage=600, max-age=60")
	h.Set("Cdn-Cache-Control", "max-age=600")
	h.Set("Remote-User", "admin")
	h["remote_groups"] = []string{"admins"}
	h.Set("X-Gatehouse-Jwt", "a.b.c")
}

// harmless fails the test unless a header is what hostile may say at most.
func harmless(t *testing.T, what string, h http.Header, private bool) {
	t.Helper()
	if diff := cmp.Diff([]string{"app=1"}, unlabelled(h["Set-Cookie"])); diff != "" {
		t.Errorf("%s: Set-Cookie: %s", what, diff)
	}
	if got := h.Get("Clear-Site-Data"); got != "" {
		t.Errorf("%s: Clear-Site-Data %s", what, got)
	}
	for _, name := range []string{"Remote-User", "Remote_groups", "X-Gatehouse-Jwt"} {
		if got := h[name]; got != nil {
			t.Errorf("%s: %s %q", what, name, got)
		}
	}
	want := "public, s-maxage=600, max-age=60"
	if private {
		want = "private, max-age=60"
	}
	if got := h.Get("Cache-Control"); got != want {
		t.Errorf("%s: Cache-Control %s, want %s", what, got, want)
	}
	if got := h.Get("Cdn-Cache-Control"); private && got != "" {
		t.Errorf("%s: CDN-Cache-Control %s", what, got)
	}
}

// TestHostileAnswers: however an app sends its answer, our cookies, other hosts and
// shared caches are out of its reach (threats 41, 42, 45). What nobody's identity is
// in stays as cacheable as the app wants.
func TestHostileAnswers(t *testing.T) {
	apps := map[string]http.HandlerFunc{
		"status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"write":  func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "body") },
		"nothing": func(w http.ResponseWriter, _ *http.Request) {
			// The server itself sends the header when the handler has returned.
		},
		"flush": func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		},
		"copy": func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, strings.NewReader("body")) },
		"proxy": proxied(func(w http.ResponseWriter, _ *http.Request) {
			hostile(w.Header())
			io.WriteString(w, "body")
		}),
	}
	for what, app := range apps {
		t.Run(what, func(t *testing.T) {
			d := newGate(t, public("/*"))
			_, token := d.signIn()
			server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hostile(w.Header())
				app(w, r)
			}))
			harmless(t, "signed in", get(t, server.URL+"/", token).Header, true)
			harmless(t, "nobody", get(t, server.URL+"/", session.Token{}).Header, false)
		})
	}
}

// TestAnswerThatSpeaksToCDNsAlone: an app that says nothing to caches in general, and
// something to those of one kind, keeps no answer with somebody's identity in them
// (threat 45, RFC 9213).
func TestAnswerThatSpeaksToCDNsAlone(t *testing.T) {
	d := newGate(t, public("/*"))
	_, token := d.signIn()
	names := []string{"Cdn-Cache-Control", "Surrogate-Control", "X-Accel-Expires"}
	server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, name := range names {
			w.Header().Set(name, "max-age=600")
		}
	}))
	signedIn, nobody := get(t, server.URL+"/", token).Header, get(t, server.URL+"/", session.Token{}).Header
	for _, name := range names {
		if signedIn.Get(name) != "" || nobody.Get(name) == "" {
			t.Errorf("%s: %q to somebody, %q to nobody", name, signedIn.Get(name), nobody.Get(name))
		}
	}
	if got := signedIn.Get("Cache-Control"); got != "private" {
		t.Errorf("Cache-Control %q", got)
	}
}

// TestEarlyHints can carry a cookie too (RFC 8297), which nobody should keep before it
// is known whose it is, several times. It is kept for the answer behind them, which is
// filtered all the same.
func TestEarlyHints(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 2 {
			hostile(w.Header())
			w.Header().Set("Link", "</style.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			if lines := w.Header()["Set-Cookie"]; !slices.Contains(lines, "app=1") {
				t.Errorf("left for the answer: %q", lines)
			}
		}
		clear(w.Header())
		hostile(w.Header())
		io.WriteString(w, "body")
	}))
	r, _ := http.NewRequest(http.MethodGet, server.URL, nil)
	holding(token)(r)
	hints := 0
	res, err := http.DefaultTransport.RoundTrip(r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			hints++
			if lines := h["Set-Cookie"]; lines != nil {
				t.Errorf("%d: Set-Cookie %q", code, lines)
			}
			if h.Get("Clear-Site-Data")+h.Get("Remote-User") != "" || h.Get("Link") == "" {
				t.Errorf("%d: %v", code, h)
			}
			return nil
		},
	})))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if hints != 2 {
		t.Errorf("%d hints, want 2", hints)
	}
	harmless(t, "answer", res.Header, true)
}

// TestHostileTrailers: what an app may not say in the header of its answer it cannot say
// behind the body either, where a proxy on the way may put it into the header (threats
// 41, 42). A server that has waited for a body in vain would do so itself.
func TestHostileTrailers(t *testing.T) {
	const announce = "Set-Cookie, clear-site-data , X-Sum, Remote-User"
	say := func(h http.Header, prefix string) {
		h.Add(prefix+"Set-Cookie", cookie+"=x; Path=/; Secure")
		h.Add(prefix+"Set-Cookie", "other=1; Domain=example.com")
		h.Set(prefix+"Clear-Site-Data", `"*"`)
		h.Set(prefix+"X-Sum", "1")
		h.Set(prefix+"Remote-User", "admin")
	}
	apps := map[string]http.HandlerFunc{
		"announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", announce)
			io.WriteString(w, "body")
			say(w.Header(), "")
		},
		"not announced": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "body")
			if err := http.NewResponseController(w).Flush(); err != nil { // or it would have a length, and no trailer
				t.Error(err)
			}
			say(w.Header(), http.TrailerPrefix)
		},
		"proxy": proxied(func(w http.ResponseWriter, _ *http.Request) {
			hostile(w.Header())
			w.Header().Set("Trailer", announce)
			io.WriteString(w, "body")
			say(w.Header(), "")
		}),
	}
	for what, app := range apps {
		t.Run(what, func(t *testing.T) {
			d := newGate(t, public("/*"))
			_, token := d.signIn()
			server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hostile(w.Header())
				app(w, r)
			}))
			for who, token := range map[string]session.Token{"signed in": token, "nobody": {}} {
				res := get(t, server.URL+"/", token)
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					t.Fatal(err)
				}
				harmless(t, who, res.Header, token != session.Token{})
				if len(res.Trailer["Remote-User"]) == 0 {
					delete(res.Trailer, "Remote-User") // announced, and never sent
				}
				if diff := cmp.Diff(http.Header{"X-Sum": {"1"}}, res.Trailer); diff != "" {
					t.Errorf("%s: trailer: %s", who, diff)
				}
			}
		})
	}
	t.Run("header that waits for a body", func(t *testing.T) {
		d := newGate(t)
		_, token := d.signIn()
		w := &waiting{ResponseRecorder: httptest.NewRecorder()}
		r := ask(wiki+"/", holding(token))
		pass := d.Admit(w, r, gate.Arrival{URL: r.URL})
		hostile(pass.Writer.Header())
		pass.Writer.WriteHeader(http.StatusOK)
		say(pass.Writer.Header(), "")
		pass.Release()
		harmless(t, "answer", w.Header(), true)
	})
}

// waiting sends the header with the first bytes of the body, as what compresses does.
type waiting struct{ *httptest.ResponseRecorder }

func (w *waiting) WriteHeader(int) {}

// TestWriterKeepsTheWaysOpen by which a server sends fast and at once.
func TestWriterKeepsTheWaysOpen(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	w := &fast{ResponseRecorder: httptest.NewRecorder()}
	r := ask(wiki+"/", holding(token))
	pass := d.Admit(w, r, gate.Arrival{URL: r.URL})
	defer pass.Release()
	file := filepath.Join(t.TempDir(), "page")
	if err := os.WriteFile(file, []byte(strings.Repeat("body", 1<<16)), 0o600); err != nil {
		t.Fatal(err)
	}
	http.ServeFile(pass.Writer, r, file)
	if w.Body.String() != strings.Repeat("body", 1<<16) || !w.readFrom {
		t.Errorf("%d bytes, through ReadFrom: %v", w.Body.Len(), w.readFrom)
	}
	c := http.NewResponseController(pass.Writer)
	if err := c.Flush(); err != nil || !w.Flushed {
		t.Errorf("flush: %v", err)
	}
	if err := c.SetReadDeadline(time.Now().Add(time.Hour)); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("a deadline that the server does not know: %v", err)
	}
}

// fast is a writer that can read by itself.
type fast struct {
	*httptest.ResponseRecorder
	readFrom bool
}

func (f *fast) ReadFrom(r io.Reader) (int64, error) {
	f.readFrom = true
	return io.Copy(f.ResponseRecorder, r)
}

// TestEventStreamEndsWithItsSession: what is sent arrives at once, and the stream is
// cut when the session ends.
func TestEventStreamEndsWithItsSession(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	cause := make(chan error, 1)
	server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "data: 1\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
		cause <- context.Cause(r.Context())
	}))
	res := get(t, server.URL+"/events", token)
	lines := bufio.NewReader(res.Body)
	if line, err := lines.ReadString('\n'); line != "data: 1\n" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	if err := d.Sessions.End(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-cause; !errors.Is(err, live.ErrEnded) {
		t.Errorf("cut because of %v", err)
	}
	if rest, err := io.ReadAll(lines); strings.TrimSpace(string(rest)) != "" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

// TestWebSocketEndsWithItsSession: an upgrade goes through the gate and a real proxy
// to a real upstream with the identity in it; bytes go both ways, and the connection
// is cut when the session ends (threat 14).
func TestWebSocketEndsWithItsSession(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	upstream := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(upstream.Close)
	to, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	server := d.serve(httputil.NewSingleHostReverseProxy(to))

	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade, X-Gatehouse-Jwt\r\nUpgrade: websocket\r\nOrigin: %s\r\nCookie: %s=%s\r\n\r\n",
		wiki, cookie, token.Text())
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("X-User") != "anna" {
		t.Fatalf("%s for %q", res.Status, res.Header.Get("X-User"))
	}
	for range 3 {
		fmt.Fprint(conn, "hello\n")
		if line, err := in.ReadString('\n'); line != "hello\n" || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
	}
	if err := d.Sessions.End(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	if line, err := in.ReadString('\n'); err == nil {
		t.Errorf("after the end: %q", line)
	} else if errors.Is(err, context.DeadlineExceeded) {
		t.Error("the connection stays open after the end")
	}
}

// TestUpgradeAnswerIsFiltered: a proxy that hands the answer to an upgrade to its
// writer, as Caddy's does, plants no cookie with it (threat 41).
func TestUpgradeAnswerIsFiltered(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hostile(w.Header())
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	}))
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	holding(token)(r)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res.Status)
	}
	harmless(t, "101", res.Header, true)
}

// echo is an upstream that switches protocols, says who it believes to talk to, and
// sends back what it gets.
func echo(w http.ResponseWriter, r *http.Request) {
	conn, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprintf(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-User: %s\r\n\r\n", r.Header.Get("Remote-User"))
	both.Flush()
	io.Copy(conn, both)
}

// TestAttackerBytes: requests that only a hand-written client sends, through a real
// server (threats 8, 10, 11). None arrives at the app.
func TestAttackerBytes(t *testing.T) {
	d := newGate(t)
	arrived := make(chan string, 100)
	server := d.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { arrived <- r.RequestURI }))
	for _, request := range []string{
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n",
		"GET /%2e%2e/ HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n",
		"GET /a\\..\\b HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n",
		"CONNECT wiki.example.com:443 HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n",
		"TRACE / HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n",
		"GET http:admin HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nHost: wiki.example.com\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: wiki.example.com\r\nHost: evil.example\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: wiki.example.com\r\nCookie: " + cookie + "=\x00\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: wiki.example.com\r\nCookie: " + cookie + "=" + strings.Repeat("x", 8<<10) + "\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: wiki.example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nRemote-User: admin\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(conn, request)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		conn.Close()
		if err != nil {
			t.Errorf("%.60q: %v", request, err)
			continue
		}
		if res.StatusCode < 300 {
			t.Errorf("%.60q: %s", request, res.Status)
		}
	}
	select {
	case uri := <-arrived:
		t.Errorf("%q arrives at the app", uri)
	default:
	}
}
