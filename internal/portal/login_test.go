// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// The sign-in form has the fields that scripts and password managers know, and
// carries where the person was going.
func TestSignInForm(t *testing.T) {
	w := newPortal(t)
	page := wiki + "/page?do=edit&id=a%20b"
	a := w.browser().get("/login?" + url.Values{"return_to": {page}}.Encode())
	if a.status != http.StatusOK {
		t.Fatalf("status %d", a.status)
	}
	for _, part := range []string{
		`<form method="post" action="/login">`,
		`name="username"`, `type="password"`, `name="password"`,
		`<input type="hidden" name="return_to" value="https://wiki.example.com/page?do=edit&amp;id=a%20b">`,
		"to open <strong><bdi>wiki</bdi>",
	} {
		if !strings.Contains(a.body, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

// The sign-in page says what a person cannot know: that nobody has an account yet, or
// that the time of their session is over. Whoever has signed out knows.
func TestSignInFormSaysWhyItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		const nobody, ended = "Nobody has an account here yet", "Your last session has ended"
		b := w.browser()
		shows := func(when string, want ...string) {
			t.Helper()
			page := b.get("/login")
			for _, notice := range []string{nobody, ended} {
				if got := strings.Contains(page.body, notice); got != slices.Contains(want, notice) {
					t.Errorf("%s: that the page says %q is %t", when, notice, got)
				}
			}
		}
		shows("no user", nobody)
		user := w.add(anna)
		shows("a user")
		b.signIn(anna)
		time.Sleep(2 * time.Hour)
		shows("after an idle end", ended)
		b.signIn(anna)
		b.post("/logout", nil)
		shows("after a sign-out")
		b.signIn(anna)
		if _, err := w.house.Sessions.EndAll(t.Context(), user.ID, store.ID{}); err != nil {
			t.Fatal(err)
		}
		shows("after a sign-out in an app")
		if _, err := w.house.Users.Remove(t.Context(), anna); err != nil {
			t.Fatal(err)
		}
		shows("the last user removed")
	})
}

// After the password the browser goes on to the app, by way of the app's own host,
// query included; without one it goes to the list of apps.
func TestLoginGoesOn(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	page := wiki + "/page?do=edit&id=a%20b"
	for returnTo, want := range map[string]string{
		page:                             handoff.Begin(target("wiki", wiki), page),
		"":                               origin + "/",
		"https://elsewhere.example.org/": origin + "/",
	} {
		a := w.browser().post("/login", url.Values{"username": {anna}, "password": {password}, "return_to": {returnTo}})
		if a.status != http.StatusSeeOther || a.location() != want {
			t.Errorf("return_to %q: %d %s, want 303 %s", returnTo, a.status, a.location(), want)
		}
	}
}

// The cookies of a login: one for the session, gone with the browser window, and
// one by which the browser is known. Scripts see neither.
func TestLoginCookies(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	a := w.browser().login(anna, password)
	if got := a.header.Values("Set-Cookie"); len(got) != 2 {
		t.Fatalf("cookies %q", got)
	}
	for _, name := range []string{cookieName, browserName} {
		c := a.cookie(name)
		if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s: %+v", name, c)
		}
	}
	if c := a.cookie(cookieName); c != nil && (c.MaxAge != 0 || !c.Expires.IsZero()) {
		t.Errorf("the session's cookie outlives the browser: %+v", c)
	}
}

// The address of the sign-in page holds where to go and nothing else, so that it
// may be kept and shared; whatever else is in it leads once to the plain one.
func TestLoginAddressIsPlain(t *testing.T) {
	w := newPortal(t)
	plain := "/login?" + url.Values{"return_to": {wiki + "/"}}.Encode()
	for address, want := range map[string]string{
		"/login":                              "",
		"/login?":                             "",
		plain:                                 "",
		plain + "&code=1":                     plain,
		plain + "&return_to=x":                plain,
		plain + ";x=1":                        "/login",
		"/login?%zz":                          "/login",
		"/login?=":                            "/login",
		"/login?code=secret":                  "/login",
		"/login?return_to=":                   "/login",
		"/login?return_to=https://evil.test/": "/login",
		"/login?return_to=" + strings.Repeat("a", 9000): "/login",
	} {
		b := w.browser()
		a := b.get(address)
		if want == "" {
			if a.status != http.StatusOK {
				t.Errorf("%.60s: %d %s, want the page", address, a.status, a.location())
			}
			continue
		}
		if a.status != http.StatusSeeOther || a.location() != origin+want {
			t.Errorf("%.60s: %d %s, want %s", address, a.status, a.location(), want)
			continue
		}
		if again := b.get(a.location()); again.status != http.StatusOK {
			t.Errorf("%.60s: and then %d %s", address, again.status, again.location())
		}
	}
}

// Threat 24: whether a name exists shows neither in status nor in headers nor in
// the page, and each answer costs one hash.
func TestUnknownUserIsLikeWrongPassword(t *testing.T) {
	w := newPortal(t)
	w.add("known-name1")
	try := func(name string) *answer {
		before := w.house.Users.Hashes()
		a := w.browser().login(name, "some wrong password")
		if n := w.house.Users.Hashes() - before; n != 1 {
			t.Errorf("%s: %d hashes, want 1", name, n)
		}
		a.header.Del("Date")
		a.header.Del("Content-Length")
		a.body = strings.ReplaceAll(a.body, name, "NAME")
		return a
	}
	wrong, unknown := try("known-name1"), try("nobody")
	if wrong.status != http.StatusUnauthorized {
		t.Errorf("status %d", wrong.status)
	}
	if diff := cmp.Diff(wrong.header, unknown.header); diff != "" {
		t.Errorf("headers differ: %s", diff)
	}
	if wrong.status != unknown.status || wrong.body != unknown.body {
		t.Error("the answers differ")
	}
	if wrong.cookie(cookieName) != nil || wrong.cookie(browserName) != nil {
		t.Error("a wrong password sets a cookie")
	}
}

// Only who knows the password learns that an account is switched off.
func TestDisabledIsToldToTheOwnerOnly(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	if _, err := w.house.Users.Disable(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	if a := w.browser().login(anna, "a wrong password"); a.status != http.StatusUnauthorized || strings.Contains(a.body, "switched off") {
		t.Errorf("wrong password: %d", a.status)
	}
	a := w.browser().login(anna, password)
	if a.status != http.StatusForbidden || !strings.Contains(a.body, "switched off") || a.cookie(cookieName) != nil {
		t.Errorf("right password: %d", a.status)
	}
	if n := len(w.sessions()); n != 0 {
		t.Errorf("%d sessions", n)
	}
}

// Threat 25: the length of a password is bounded, and nothing beyond the bound is
// cut off to fit.
func TestPasswordLength(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	for _, long := range []string{password + strings.Repeat("x", 2000), strings.Repeat("x", 60<<10)} {
		if a := w.browser().login(anna, long); a.status != http.StatusUnauthorized {
			t.Errorf("%d bytes: status %d", len(long), a.status)
		}
	}
	if a := w.browser().login(anna, strings.Repeat("x", 1<<20)); a.status != http.StatusBadRequest {
		t.Errorf("1 MB: status %d", a.status)
	}
	for _, form := range []url.Values{{}, {"username": {anna}}, {"password": {password}}} {
		before := w.house.Users.Hashes()
		if a := w.browser().post("/login", form); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%v: status %d", form, a.status)
		}
		if w.house.Users.Hashes() != before {
			t.Errorf("%v was hashed", form)
		}
	}
}

// stubborn is a source of which one answer is made up, since the real one gives it
// only under a load that a test cannot make reliably.
type stubborn struct {
	identity.Source
	answer error
}

func (s stubborn) Authenticate(context.Context, string, string) (*identity.User, error) {
	return nil, s.answer
}

// A sign-in that could not be checked says so, counts as no guess, and asks to come
// again: a person is not locked out since many others sign in.
func TestBusyIsNoWrongGuess(t *testing.T) {
	w := newPortal(t, func(p *portal.Portal) { p.Source = stubborn{p.Source, identity.ErrBusy} })
	w.add(anna)
	b := w.browser()
	for range 50 {
		a := b.login(anna, password)
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "Many people") {
			t.Fatalf("status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
		}
	}
}

// People type their password into the wrong field: what was typed is written down
// only when it is somebody's name.
func TestAuditNamesOnlyPeople(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	for _, typed := range []string{"My Secret Password 1", "hunter2hunter2", "<script>", "user\nlogin"} {
		w.secrets.add(typed)
		b.login(typed, "a wrong password")
	}
	b.login("ANNA", "a wrong password")
	var names []string
	for _, e := range w.secrets.of(audit.LoginFailed) {
		names = append(names, e.User)
		if !e.Address.IsValid() || e.Request == "" || e.Reason == "" {
			t.Errorf("event %+v", e)
		}
	}
	if diff := cmp.Diff([]string{"", "", "", "", anna}, names); diff != "" {
		t.Errorf("names: %s", diff)
	}
}

// Each login and logout is one event, with person, session, address and request.
func TestAuditOfASession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	id := w.sessions()[0]
	b.post("/logout", url.Values{})
	for _, kind := range []audit.Kind{audit.Login, audit.Logout} {
		events := w.secrets.of(kind)
		if len(events) != 1 || events[0].User != anna || events[0].Session != id || !events[0].Address.IsValid() || events[0].Request == "" {
			t.Errorf("%s: %+v", kind, events)
		}
	}
}
