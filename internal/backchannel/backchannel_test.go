// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/backchannel"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Each app that the session had reached learns whose session has ended and which,
// by the words of the specification, and no other app learns anything.
func TestAppsAreToldOfALogout(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	x := listen(t, "tickets", tickets, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	other := listen(t, "files", "https://files.example.com", nil)
	w.Origins = append(w.Origins, "https://wiki.example.org") // one app, told once
	n := open(t, memory(), patient, w.App, x.App, other.App).run()
	id := n.login(wiki, tickets, "https://wiki.example.org", "https://silent.example.com")
	n.end(id)
	until(t, "an empty queue", func() bool { return n.queued() == 0 && len(w.calls()) == 1 && len(x.calls()) == 1 })
	for _, a := range []*app{w, x} {
		c := a.calls()[0]
		r := c.request
		if r.Method != http.MethodPost || r.URL.RequestURI() != "/logged-out?via=gatehouse" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%s %s %q", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"))
		}
		if len(c.form) != 1 || len(c.form["logout_token"]) != 1 {
			t.Errorf("the form holds %v", c.form)
		}
		said := verify(t, n.ring.JWKS(), c.token(), a.Name)
		if said.Subject != person || said.SessionID != id.String() {
			t.Errorf("said: session %s of %s", said.SessionID, said.Subject)
		}
	}
	if len(other.calls()) != 0 {
		t.Error("an app was told that had nothing to do with it")
	}
	if s := n.stats("wiki"); s.Told != 1 || s.Waiting != 0 || s.Failed != 0 {
		t.Errorf("stats %+v", s)
	}
	if len(n.events)+len(n.errors) > 0 {
		t.Errorf("%v %v", n.events, n.errors)
	}
}

// Whoever ends a session, and however, the apps are told.
func TestEveryEndIsTold(t *testing.T) {
	for name, end := range map[string]func(n *node, id store.ID) error{
		"logout": func(n *node, id store.ID) error { return n.keeper.End(t.Context(), id) },
		"revocation": func(n *node, _ store.ID) error {
			_, err := n.keeper.EndAll(t.Context(), person, store.ID{})
			return err
		},
		"replacement": func(n *node, id store.ID) error {
			_, _, err := n.keeper.Start(t.Context(), session.Login{UserID: person, Origin: portal, Replaces: id}, time.Now())
			return err
		},
		"beside a change": func(n *node, id store.ID) error {
			return n.live.Commit(t.Context(), store.PutDocument{Document: store.Document{Name: "user/x"}}, store.Delete{Kind: session.Kind, ID: id})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := listen(t, "wiki", wiki, nil)
			n := open(t, memory(), patient, w.App).run()
			id := n.login(wiki)
			if err := end(n, id); err != nil {
				t.Fatal(err)
			}
			until(t, "a call", func() bool { return len(w.calls()) == 1 })
			if said := verify(t, n.ring.JWKS(), w.calls()[0].token(), "wiki"); said.SessionID != id.String() {
				t.Errorf("told of session %s", said.SessionID)
			}
		})
	}
}

// A person who signs out waits for no app: the app hangs, the session is over.
func TestLogoutWaitsForNoApp(t *testing.T) {
	release := make(chan struct{})
	w := listen(t, "wiki", wiki, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	n := open(t, memory(), backchannel.Limits{}, w.App).run()
	first, second := n.login(wiki), n.login(wiki)
	n.end(first)
	until(t, "the app to hang", func() bool { return len(w.calls()) == 1 })
	n.end(second) // while it hangs; it is released only after the test
	for _, id := range []store.ID{first, second} {
		if _, err := n.store.Get(t.Context(), session.Kind, id); err == nil {
			t.Error("the session is still there")
		}
	}
	if n.queued() != 2 {
		t.Errorf("%d messages wait, want 2", n.queued())
	}
}

// An app that fails is told again, with a token of that moment.
func TestFailureThenSuccess(t *testing.T) {
	var asked atomic.Int32
	w := listen(t, "wiki", wiki, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= 2 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	n := open(t, memory(), soon, w.App).run()
	n.end(n.login(wiki))
	until(t, "an empty queue", func() bool { return n.queued() == 0 })
	calls := w.calls()
	if len(calls) != 3 {
		t.Fatalf("told %d times, want 3", len(calls))
	}
	ids := map[string]bool{}
	for _, c := range calls {
		ids[verify(t, n.ring.JWKS(), c.token(), "wiki").ID] = true
	}
	if len(ids) != 3 {
		t.Error("a token was sent twice")
	}
	if s := n.stats("wiki"); s.Told != 1 || s.Failed != 2 || s.Failing != 0 || !s.Next.IsZero() {
		t.Errorf("stats %+v", s)
	}
	delayed := n.recorded(audit.BackchannelDelayed)
	if len(delayed) != 2 || delayed[0].App != "wiki" || delayed[0].Count != 1 || len(n.recorded(audit.BackchannelFailed)) != 0 {
		t.Errorf("recorded %v", n.events)
	}
}

// An app that refuses a token is not asked again, and the operator learns of it.
func TestRefusal(t *testing.T) {
	w := listen(t, "wiki", wiki, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_request"}`)
	})
	n := open(t, memory(), patient, w.App).run()
	id := n.login(wiki)
	n.end(id)
	until(t, "an empty queue", func() bool { return n.queued() == 0 && n.stats("wiki").Waiting == 0 })
	failed := n.recorded(audit.BackchannelFailed)
	if len(w.calls()) != 1 || len(failed) != 1 || failed[0].App != "wiki" || failed[0].Session != id {
		t.Errorf("asked %d times; recorded %v", len(w.calls()), n.events)
	}
	if s := n.stats("wiki"); s.Refused != 1 || s.Failing != 0 {
		t.Errorf("stats %+v", s)
	}
}

// However many sessions end at once, one host is asked by few connections.
func TestFewRequestsToOneHost(t *testing.T) {
	var now, most atomic.Int32
	slow := func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond) // the app's work
		now.Add(-1)
	}
	w := listen(t, "wiki", wiki, slow)
	neighbour := newApp("tickets", tickets, w.server.URL+"/tickets")
	n := open(t, memory(), patient, w.App, neighbour)
	for range 100 {
		n.login(wiki, tickets)
	}
	if _, err := n.keeper.EndAll(t.Context(), person, store.ID{}); err != nil {
		t.Fatal(err)
	}
	n.run()
	until(t, "an empty queue", func() bool { return n.queued() == 0 })
	if len(w.calls()) != 200 || most.Load() > 4 || most.Load() < 2 {
		t.Errorf("%d calls, %d at once; want 200, and 4 at most", len(w.calls()), most.Load())
	}
}

// An app that is dead takes no more of the store than it may, and hinders no other.
func TestQueueIsBounded(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	limits := soon
	limits.Queue = 3
	n := open(t, memory(), limits, w.App, newApp("dead", tickets, "http://"+unused(t)))
	for range 10 {
		n.end(n.login(tickets))
	}
	if n.queued() != 3 || n.stats("dead").Lost != 7 || len(n.recorded(audit.BackchannelFailed)) != 7 {
		t.Errorf("%d queued, %+v", n.queued(), n.stats("dead"))
	}
	n.end(n.login(wiki, tickets))
	n.run()
	until(t, "the other app", func() bool { return n.stats("wiki").Told == 1 })
}

// unused returns an address where nobody listens.
func unused(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Two nodes with one queue tell an app once, whoever of them comes first.
func TestTwoNodesTellOnce(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	shared := &unclosed{memory()}
	a := open(t, shared, patient, w.App)
	for range 50 {
		a.end(a.login(wiki))
	}
	b := open(t, shared, patient, w.App)
	a.run()
	b.run()
	until(t, "an empty queue", func() bool { return a.queued() == 0 })
	seen := map[string]bool{}
	for _, c := range w.calls() {
		seen[verify(t, a.ring.JWKS(), c.token(), "wiki").SessionID] = true
	}
	if len(seen) != 50 || len(w.calls()) != 50 {
		t.Errorf("%d sessions in %d calls, want 50 in 50", len(seen), len(w.calls()))
	}
}

// unclosed is a store that several nodes use.
type unclosed struct{ store.Store }

func (*unclosed) Close() error { return nil }

// A reload changes who is told where. What was queued under the configuration
// before goes to the address of the one after, and waits while the app has none.
func TestReload(t *testing.T) {
	old := listen(t, "wiki", wiki, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	fresh := listen(t, "wiki", wiki, nil)
	n := open(t, memory(), soon)
	first, ended := context.WithCancel(t.Context())
	n.use(first, old.App)
	n.run()
	n.end(n.login(wiki))
	until(t, "a failure", func() bool { return n.stats("wiki").Failed > 0 })
	second, refused := context.WithCancel(t.Context())
	n.use(second) // nobody wants to be told
	calls := len(old.calls()) + int(n.stats("wiki").Failed)
	n.end(n.login(wiki))
	if n.queued() != 1 {
		t.Errorf("%d queued, want the one from before", n.queued())
	}
	refused() // a configuration that does not start gives way to the one before
	until(t, "the old address again", func() bool { return len(old.calls())+int(n.stats("wiki").Failed) > calls+2 })
	n.use(t.Context(), fresh.App)
	ended()
	until(t, "the new address", func() bool { return len(fresh.calls()) == 1 && n.queued() == 0 })
}

// A configuration whose address is none is refused with the app's name.
func TestUseRefusesWhatIsNoAddress(t *testing.T) {
	n := open(t, memory(), soon)
	for _, address := range []string{"", "/logout", "wiki", "http://[::1"} {
		err := n.sender.Use(t.Context(), backchannel.Config{Issuer: portal, Keys: n.ring, Apps: []backchannel.App{newApp("wiki", wiki, address)}, Audit: n})
		if err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}

// A session that merely expires is not announced, neither when its person comes back
// nor when it is forgotten. Who signs out of it afterwards, or takes the browser over,
// has ended it.
func TestExpiryIsNotTold(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	n := open(t, memory(), patient, w.App)
	begin := func(l session.Login, ago time.Duration) store.ID {
		t.Helper()
		l.Origin, l.Limits = wiki, session.Limits{Lifetime: time.Hour}
		s, _, err := n.keeper.Start(t.Context(), l, time.Now().Add(-ago))
		if err != nil {
			t.Fatal(err)
		}
		return s.ID
	}
	const over, forgotten = 2 * time.Hour, 2*time.Hour + session.Grace
	back := begin(session.Login{UserID: person, Replaces: begin(session.Login{UserID: person}, over), Resume: true}, over)
	n.end(begin(session.Login{UserID: person}, forgotten))
	if n.queued() != 0 {
		t.Error("told of an expiry")
	}
	n.end(back)
	begin(session.Login{UserID: "somebody else", Replaces: begin(session.Login{UserID: person}, over)}, 0)
	if got := n.queued(); got != 2 {
		t.Errorf("%d told, want the sign-out and the other person", got)
	}
}

// What an app sets as a cookie does not come back to it, and there is no
// connection that a second person's token could share.
func TestNothingIsKeptBetweenCalls(t *testing.T) {
	w := listen(t, "wiki", wiki, func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "app", Value: "x", Path: "/"})
	})
	n := open(t, memory(), patient, w.App).run()
	for i := range 2 {
		n.end(n.login(wiki))
		until(t, "a call", func() bool { return len(w.calls()) == i+1 && n.queued() == 0 })
	}
	calls := w.calls()
	for _, c := range calls {
		if len(c.request.Cookies()) != 0 {
			t.Errorf("cookies %v", c.request.Cookies())
		}
	}
	if calls[0].request.RemoteAddr == calls[1].request.RemoteAddr {
		t.Error("one connection for both")
	}
}

// A proxy that the environment names for other programs sees no logout token.
func TestNoProxyFromTheEnvironment(t *testing.T) {
	var seen atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	t.Cleanup(proxy.Close)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	n := open(t, memory(), soon, newApp("wiki", wiki, "http://wiki.invalid/logout")).run()
	n.end(n.login(wiki))
	until(t, "a failure", func() bool { return n.stats("wiki").Failed > 0 })
	if seen.Load() != 0 {
		t.Error("the proxy was asked")
	}
}

// An app with a certificate that nobody vouches for gets no token.
func TestUnknownCertificate(t *testing.T) {
	var seen atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	t.Cleanup(server.Close)
	n := open(t, memory(), soon, newApp("wiki", wiki, server.URL)).run()
	n.end(n.login(wiki))
	until(t, "a failure", func() bool { return len(n.recorded(audit.BackchannelDelayed)) > 0 })
	if seen.Load() != 0 {
		t.Error("the app was told")
	}
	if reason := n.recorded(audit.BackchannelDelayed)[0].Reason; !strings.Contains(reason, "certificate is not trusted") {
		t.Errorf("reason %q", reason)
	}
}
