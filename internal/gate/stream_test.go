// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// script is what a browser says of a script's request.
func script(r *http.Request) {
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
}

// TestExpiryCutsStreamsAlone: what a session's time cuts is told by the request and by
// the beginning of its answer.
func TestExpiryCutsStreamsAlone(t *testing.T) {
	answer := func(status int, kind string) func(*gate.Pass) {
		return func(p *gate.Pass) {
			if kind != "" {
				p.Writer.Header().Set("Content-Type", kind)
			}
			p.Writer.WriteHeader(status)
		}
	}
	nothing := func(*gate.Pass) {}
	for what, c := range map[string]struct {
		edit   func(*http.Request)
		answer func(*gate.Pass)
		cut    bool
	}{
		"WebSocket":             {with("Upgrade", "websocket"), answer(http.StatusSwitchingProtocols, ""), true},
		"WebSocket over HTTP/2": {by(http.MethodConnect), answer(http.StatusOK, ""), true},
		"event stream":          {script, answer(http.StatusOK, "text/event-stream; charset=utf-8"), true},
		"event stream, shouted": {navigating, answer(http.StatusOK, " Text/Event-Stream"), true},
		"pictures of a camera":  {navigating, answer(http.StatusOK, "multipart/x-mixed-replace;boundary=x"), true},
		"lines of JSON":         {script, answer(http.StatusOK, "application/x-ndjson"), true},
		"long poll":             {script, nothing, true},
		"long poll of old":      {with("Accept", "*/*"), nothing, true},
		"upgrade unanswered":    {with("Sec-Fetch-Dest", "websocket"), nothing, true},
		"script's download":     {script, answer(http.StatusOK, "application/zip"), false},
		"download":              {navigating, answer(http.StatusOK, ""), false},
		"slow page":             {navigating, nothing, false},
		"slow page of old":      {with("Accept", "text/html"), nothing, false},
		"form at work":          {func(r *http.Request) { script(r); r.Method = http.MethodPost }, nothing, false},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t)
				s := d.login(d.anna)
				token := d.handOff(s, wiki)
				r := ask(wiki+"/x", holding(token), c.edit)
				if r.Method == http.MethodConnect {
					r.ProtoMajor = 2
					r.Header[":protocol"] = []string{"websocket"}
					r.Header.Set("Origin", wiki)
				}
				if r.Header["Upgrade"] != nil {
					r.Header.Set("Origin", wiki)
				}
				p := d.passed(r)
				c.answer(p)
				time.Sleep(time.Hour - time.Second)
				synctest.Wait()
				if p.Request.Context().Err() != nil {
					t.Fatal("cut too early")
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if got := errors.Is(context.Cause(p.Request.Context()), live.ErrExpired); got != c.cut {
					t.Errorf("cut: %t", got)
				}
				d.answered(ask(wiki+"/x", holding(token)), http.StatusUnauthorized)
			})
		})
	}
}

// TestUploadKeepsItsPersonSignedIn as long as it moves, and so does a download.
func TestUploadKeepsItsPersonSignedIn(t *testing.T) {
	for what, move := range map[string]func(*gate.Pass) error{
		"upload": func(p *gate.Pass) error {
			_, err := p.Request.Body.Read(make([]byte, 1))
			return err
		},
		"download": func(p *gate.Pass) error {
			_, err := io.WriteString(p.Writer, "x")
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t, passive("/quiet"))
				_, token := d.signIn()
				upload := func(path string) *http.Request {
					r := httptest.NewRequest(http.MethodPost, wiki+path, strings.NewReader(strings.Repeat("x", 1<<20)))
					holding(token)(r)
					return r
				}
				p := d.passed(upload("/upload"))
				for range 3 * 60 {
					time.Sleep(time.Minute)
					if err := move(p); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Second)
				d.passed(ask(wiki+"/", holding(token))).Release()
				p.Release()

				p = d.passed(upload("/quiet"))
				for range 61 {
					time.Sleep(time.Minute)
					if err := move(p); err != nil {
						t.Fatal(err)
					}
				}
				d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
			})
		})
	}
}

// TestNothingMovesAfterTheEnd: also an app that does not look at its request's context
// sends nothing more to a browser whose session has ended, and gets nothing from it.
func TestNothingMovesAfterTheEnd(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	file := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	r := httptest.NewRequest(http.MethodPost, wiki+"/", strings.NewReader("body"))
	holding(token)(r)
	w := &fast{ResponseRecorder: httptest.NewRecorder()}
	p := d.Admit(w, r, gate.Arrival{URL: r.URL})
	defer p.Release()
	p.Writer.WriteHeader(http.StatusOK)
	if err := d.Sessions.End(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	for what, move := range map[string]func() (int64, error){
		"write": func() (int64, error) { n, err := io.WriteString(p.Writer, "x"); return int64(n), err },
		"copy":  func() (int64, error) { return io.Copy(p.Writer, strings.NewReader("x")) },
		"file":  func() (int64, error) { return io.CopyN(p.Writer, open, 1<<20) },
		"read":  func() (int64, error) { n, err := p.Request.Body.Read(make([]byte, 4)); return int64(n), err },
	} {
		if n, err := move(); n != 0 || !errors.Is(err, live.ErrEnded) {
			t.Errorf("%s: %d bytes, %v", what, n, err)
		}
	}
	if w.Body.Len() != 0 {
		t.Errorf("%d bytes have left", w.Body.Len())
	}
}

// TestWhoWaitedIsToldWhy: a request that was cut before it had an answer is one of
// somebody who is not signed in any more, and not of an app that has failed.
func TestWhoWaitedIsToldWhy(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	arrived := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	t.Cleanup(app.Close)
	to, _ := url.Parse(app.URL)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pass := d.Admit(w, r, gate.Arrival{URL: r.URL, ID: requestID})
		defer pass.Release()
		proxy := httputil.NewSingleHostReverseProxy(to)
		proxy.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, err error) {
			if !d.Failed(pass, requestID, err) {
				t.Error("not answered")
			}
		}
		proxy.ServeHTTP(pass.Writer, pass.Request)
	}))
	t.Cleanup(server.Close)
	go func() {
		<-arrived
		if err := d.Sessions.End(context.Background(), s.ID); err != nil {
			t.Error(err)
		}
	}()
	res := get(t, server.URL+"/poll", token)
	if res.StatusCode != http.StatusUnauthorized || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s, %q", res.Status, res.Header.Get("Cache-Control"))
	}
}

// TestExpiryOverTheWire: on real connections, when the time of the session is over the
// event stream and the long poll end within a second, and the download arrives whole.
func TestExpiryOverTheWire(t *testing.T) {
	d := newGate(t)
	d.Limits = session.Limits{Lifetime: 1500 * time.Millisecond}
	over := time.Now().Add(d.Limits.Lifetime)
	_, token := d.signIn()
	server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w).Flush
		switch r.URL.Path {
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: 1\n\n")
			flush()
			<-r.Context().Done()
		case "/poll":
			<-r.Context().Done()
		case "/download":
			for range 30 {
				fmt.Fprintln(w, "part")
				flush()
				time.Sleep(100 * time.Millisecond)
			}
		}
	}))
	ended := make(chan time.Time, 2)
	for _, path := range []string{"/events", "/poll"} {
		go func() {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
			holding(token)(r)
			if res, err := http.DefaultTransport.RoundTrip(r); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			ended <- time.Now()
		}()
	}
	lines := bufio.NewScanner(get(t, server.URL+"/download", token).Body)
	parts := 0
	for lines.Scan() {
		parts++
	}
	if parts != 30 || lines.Err() != nil {
		t.Errorf("%d parts of a download, %v", parts, lines.Err())
	}
	for range 2 {
		select {
		case at := <-ended:
			// How late is known exactly in a bubble, in package live.
			if at.Before(over) {
				t.Errorf("cut %s early", over.Sub(at))
			}
		case <-time.After(time.Minute):
			t.Fatal("a stream goes on")
		}
	}
}

// TestStreamOfWhomNobodyLetsInAnyMore: a stream goes on for hours, and is cut within seconds
// when its person may not open it any more, though their session goes on (threat 17): they
// have lost a group, or the app that has signed them in its say. Downloads finish, and a
// store that cannot answer cuts nothing.
func TestStreamOfWhomNobodyLetsInAnyMore(t *testing.T) {
	staff := ruled(policy.Rules{Public: []string{"/open"}, Rules: []policy.Rule{{Groups: []string{"staff"}}}})
	byWord := func(d *door) session.Token {
		d.terms("wiki")
		return d.vouched()
	}
	byPassword := func(d *door) session.Token {
		_, token := d.signIn()
		return token
	}
	leave := func(d *door) { d.set(local.Edit{Groups: &[]string{"others"}}) }
	for what, c := range map[string]struct {
		change func(*gate.App)
		signIn func(*door) session.Token
		path   string
		kind   string
		lose   func(*door)
		cut    bool
	}{
		"out of the group":                {staff, byPassword, "/", "text/event-stream", leave, true},
		"on a public path, with a name":   {staff, byPassword, "/open", "text/event-stream", leave, true},
		"out of what the app may sign in": {func(*gate.App) {}, byWord, "/", "text/event-stream", leave, true},
		"a download":                      {staff, byPassword, "/", "application/zip", leave, false},
		"a change that takes nothing":     {staff, byPassword, "/", "text/event-stream", func(d *door) { d.set(local.Edit{Groups: &[]string{"staff", "more"}}) }, false},
		"nobody can tell":                 {staff, byPassword, "/", "text/event-stream", func(d *door) { leave(d); d.store.blind.Store(true) }, false},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t, c.change)
				p := d.passed(ask(wiki+c.path, holding(c.signIn(d)), script))
				defer p.Release()
				p.Writer.Header().Set("Content-Type", c.kind)
				p.Writer.WriteHeader(http.StatusOK)
				time.Sleep(time.Minute + time.Second) // not when it is looked at
				if p.Request.Context().Err() != nil {
					t.Fatal("cut before")
				}
				c.lose(d)
				time.Sleep(6 * time.Second)
				synctest.Wait()
				if got := p.Request.Context().Err() != nil; got != c.cut {
					t.Errorf("cut: %t, %v", got, context.Cause(p.Request.Context()))
				}
				if cut := strings.Contains(d.audit.last(), "denied: stream cut: "); cut != c.cut {
					t.Errorf("the log says %q", d.audit.last())
				}
				if _, err := io.WriteString(p.Writer, "more"); (err != nil) != c.cut {
					t.Errorf("goes on to the client: %v", err)
				}
				d.store.blind.Store(false)
			})
		})
	}
}
