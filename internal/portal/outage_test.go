// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// Threat 20: while the store cannot be read, nobody is let in, nobody is told that
// they are signed out, and nobody loses a cookie; afterwards everybody is where they
// were.
func TestStoreOutOfReach(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	before := w.browser()
	before.signIn(anna)

	// A portal that has just started has nobody in memory.
	cold := w.again()
	b := cold.browser()
	b.plant(cookieName, before.token(cookieName))
	cold.disk.pull()
	answers := map[string]*answer{
		"apps":        b.get("/"),
		"login page":  b.get("/login"),
		"hand-off":    b.get(handoffAddress(wiki + "/")),
		"logout page": b.get("/logout"),
		"logout":      b.post("/logout", nil),
		"login":       b.login(anna, password),
		"set-up page": b.get("/setup?token=x"),
		"set-up":      b.post("/setup", url.Values{"token": {"x"}}),
	}
	for what, a := range answers {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" || a.location() != "" {
			t.Errorf("%s: %d, cookie %q, location %q", what, a.status, a.header.Get("Set-Cookie"), a.location())
		}
		if strings.Contains(a.body, "You are signed out") || strings.Contains(a.body, "pulled") {
			t.Errorf("%s says %s", what, a.body)
		}
	}
	if len(cold.secrets.of(audit.Failure)) < len(answers) {
		t.Error("the operator does not learn the cause of each")
	}
	cold.disk.plugIn()
	if name, _ := b.signedIn(); name != anna {
		t.Errorf("afterwards the browser is %q", name)
	}
}

// A full store takes no login and no hand-off, and whoever is signed in stays it.
func TestStoreFull(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	b, other := w.browser(), w.browser()
	b.signIn(anna)
	w.disk.Break(store.ErrFull)
	if a := other.login(bert, password); a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" {
		t.Errorf("a login: %d", a.status)
	}
	if a := b.get(handoffAddress(wiki + "/")); a.status != http.StatusServiceUnavailable {
		t.Errorf("a hand-off: %d", a.status)
	}
	if name, _ := b.signedIn(); name != anna {
		t.Errorf("the browser is %q", name)
	}
	if a := b.get("/healthz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("healthz: %d", a.status)
	}
	w.disk.Break(nil)
	other.signIn(bert)
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz: %d", a.status)
	}
}

// A start that fails after the password was right leaves no session and no cookie.
func TestSessionThatCannotBeStored(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	// The counters of the throttle work, the commit of the session does not.
	w.portal.Sessions.Store = refusing{w.house.Live}
	b := w.browser()
	a := b.login(anna, password)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" || !strings.Contains(a.body, "not possible right now") {
		t.Errorf("%d %q", a.status, a.header.Get("Set-Cookie"))
	}
	if n := len(w.sessions()); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// refusing is a store that takes no commit.
type refusing struct{ store.Store }

func (refusing) Commit(context.Context, ...store.Change) error { return store.ErrFull }

// Threat 36: a panic is answered with 500 and denies; no cookie and no redirect that
// was ready goes out with it, and the operator learns where it was.
func TestPanicDenies(t *testing.T) {
	w := newTown(t, memstore.New(), newKey(t))
	w.add(anna)
	w.portal.Audit = panicking{w.secrets}
	a := w.browser().login(anna, password)
	if a.status != http.StatusInternalServerError || a.header.Get("Set-Cookie") != "" || a.location() != "" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if strings.Contains(a.body, "broken") || !strings.Contains(a.body, "Request req-") {
		t.Errorf("the page says %q", a.body)
	}
	events := w.secrets.of(audit.Failure)
	if len(events) != 1 || !strings.Contains(events[0].Reason, "panicking.Record") || !strings.Contains(events[0].Reason, "broken") {
		t.Errorf("events %+v", events)
	}

	// The last moment: everything is ready to be sent.
	w = newTown(t, memstore.New(), newKey(t))
	w.add(anna)
	whole := w.serve
	w.through = direct{http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		whole.ServeHTTP(&fragile{ResponseWriter: rw}, r)
	})}
	a = w.browser().login(anna, password)
	if a.status != http.StatusInternalServerError || a.header.Get("Set-Cookie") != "" || a.location() != "" {
		t.Errorf("%d %v", a.status, a.header)
	}

	w = newTown(t, memstore.New(), newKey(t), func(p *portal.Portal) { p.Live = nil })
	b := w.browser()
	b.plant(cookieName, "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if a := b.get("/logout"); a.status != http.StatusInternalServerError || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

// panicking is a sink that breaks when somebody has signed in.
type panicking struct{ audit.Sink }

func (p panicking) Record(e audit.Event) {
	if e.Kind == audit.Login {
		panic("broken")
	}
	p.Sink.Record(e)
}

// fragile is an answer that breaks when it is begun.
type fragile struct {
	http.ResponseWriter
	broken bool
}

func (f *fragile) WriteHeader(status int) {
	if !f.broken {
		f.broken = true
		panic("broken")
	}
	f.ResponseWriter.WriteHeader(status)
}

// What is no form of ours is refused with a page, whatever its size or shape.
func TestMalformedForms(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	good := url.Values{"username": {anna}, "password": {password}}.Encode()
	for _, form := range []struct{ what, contentType, body string }{
		{"1 MB", "application/x-www-form-urlencoded", "username=" + strings.Repeat("a", 1<<20)},
		{"bad escapes", "application/x-www-form-urlencoded", "username=%zz"},
		{"semicolons", "application/x-www-form-urlencoded", strings.ReplaceAll(good, "&", ";")},
		{"JSON", "application/json", `{"username":"anna"}`},
		{"text", "text/plain", good},
		{"multipart", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nanna\r\n--x--\r\n"},
		{"no type at all", "nonsense;;;", good},
	} {
		for _, path := range []string{"/login", "/logout", "/setup"} {
			a := b.do(http.MethodPost, path, strings.NewReader(form.body), "Content-Type", form.contentType)
			if a.status != http.StatusBadRequest || a.header.Get("Set-Cookie") != "" || !strings.Contains(a.body, "could not be read") {
				t.Errorf("%s to %s: %d", form.what, path, a.status)
			}
		}
	}
	// What stands in the address is no part of a form: it would be in every log.
	if a := b.do(http.MethodPost, "/login?"+good, strings.NewReader("")); a.status != http.StatusUnprocessableEntity {
		t.Errorf("name and password in the address: %d", a.status)
	}
	// A GET with a body is a GET.
	a := b.do(http.MethodGet, "/login", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"return_to\"\r\n\r\n"+wiki+"/\r\n--x--\r\n"),
		"Content-Type", "multipart/form-data; boundary=x")
	if a.status != http.StatusOK || strings.Contains(a.body, `name="return_to"`) {
		t.Errorf("a GET with a form: %d", a.status)
	}
}

// A session that was idle or old for too long is over, also where only the limits
// of now say so.
func TestSessionRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		w.add(anna)
		b := w.browser()
		b.signIn(anna)
		time.Sleep(59 * time.Minute)
		if _, yes := b.signedIn(); !yes {
			t.Error("out after 59 minutes")
		}
		time.Sleep(61 * time.Minute)
		if _, yes := b.signedIn(); yes {
			t.Error("in after an hour without a request")
		}
		b.signIn(anna)
		w.portal.Limits.Lifetime = time.Minute
		time.Sleep(2 * time.Minute)
		if _, yes := b.signedIn(); yes {
			t.Error("in after the lifetime that is configured now")
		}
	})
}

// An address is what it is: neither a spelling of another nor a redirect to it.
func TestUnknownAddresses(t *testing.T) {
	w := newTown(t, memstore.New(), newKey(t))
	b := w.browser()
	for _, path := range []string{"//login", "/login/", "/./login", "/a/../login", "/LOGIN", "/assets", "/assets/", "/assets/x.css", "//evil.test/..", "/%2e%2e/login", "/login%00", "/login.css"} {
		a := b.get(path)
		if a.status != http.StatusNotFound || a.location() != "" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
	for _, path := range []string{"/", "/login", "/handoff", "/healthz", "/.well-known/jwks.json"} {
		a := b.do("BREW", path, nil)
		if a.status != http.StatusMethodNotAllowed || !strings.HasPrefix(a.header.Get("Allow"), "GET") || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("BREW %s: %d %v", path, a.status, a.header)
		}
	}
}
