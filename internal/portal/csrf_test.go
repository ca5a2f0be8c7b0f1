// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// foreignForm are the headers of forms that a page of another site, or of a sibling
// host, sends; old browsers say only their origin.
var foreignForm = [][]string{
	{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"},
	{"Sec-Fetch-Site", "cross-site", "Origin", "null"},
	{"Sec-Fetch-Site", "same-site", "Origin", wiki},
	{"Sec-Fetch-Site", "", "Origin", "https://evil.test"},
	{"Sec-Fetch-Site", "", "Origin", "null"},
	{"Sec-Fetch-Site", "", "Origin", "https://login.example.com.evil.test"},
	{"Sec-Fetch-Site", "", "Origin", "https://login.example.com:8443"},
	{"Sec-Fetch-Site", "", "Origin", "http://login.example.com"},
	{"Sec-Fetch-Site", "same-origin", "Origin", "https://evil.test"},
}

// Threat 27: a foreign page signs the victim in as the attacker, or out, by a form
// of its own. It is refused, before a password is looked at.
func TestForeignFormsAreRefused(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	victim := w.browser()
	victim.signIn(anna)
	hashes, before := w.house.Users.Hashes(), w.sessions()
	for _, headers := range foreignForm {
		for _, a := range []*answer{
			victim.login(bert, password, headers...),
			victim.post("/logout", url.Values{}, headers...),
			victim.post("/setup", url.Values{"token": {"x"}}, headers...),
			victim.post("/", url.Values{}, headers...),
		} {
			if a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" || a.location() != "" {
				t.Errorf("%q: %d", headers, a.status)
			}
		}
	}
	if w.house.Users.Hashes() != hashes {
		t.Error("a foreign form was hashed")
	}
	if name, _ := victim.signedIn(); name != anna || len(w.sessions()) != 1 || w.sessions()[0] != before[0] {
		t.Errorf("the victim is %q", name)
	}
}

// Our own forms are taken: from browsers that say where a form comes from, from old
// ones that say only their origin, whatever name a load balancer gave the host, and
// from scripts that say nothing.
func TestOwnFormsAreTaken(t *testing.T) {
	w := newTown(t, memstore.New(), newKey(t))
	w.add(anna)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "same-origin", "Origin", origin},
		{"Sec-Fetch-Site", "same-origin", "Origin", "null"},
		{"Sec-Fetch-Site", "none"},
		{"Sec-Fetch-Site", "", "Origin", origin},
		{"Sec-Fetch-Site", ""},
	} {
		if a := w.browser().login(anna, password, headers...); a.status != http.StatusSeeOther {
			t.Errorf("%q: %d", headers, a.status)
		}
	}
	inside := w.browser()
	if a := inside.do(http.MethodPost, "https://10.0.0.1:8080/logout", nil, "Sec-Fetch-Site", "", "Origin", origin); a.status != http.StatusSeeOther {
		t.Errorf("behind a load balancer: %d", a.status)
	}
}

// Threat 27: an <img>, a link, a prefetch or a script's GET of the sign-out page
// changes nothing.
func TestLoadingTheSignOutPageChangesNothing(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	for _, headers := range [][]string{
		{"Sec-Fetch-Mode", "navigate"},
		{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"},
		{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"},
		{"Sec-Purpose", "prefetch"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if a := b.do(method, "/logout", nil, headers...); a.status != http.StatusOK || a.header.Get("Set-Cookie") != "" {
				t.Errorf("%s %q: %d", method, headers, a.status)
			}
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace} {
		if a := b.do(method, "/logout", nil); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "GET, POST, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
		}
	}
	if _, yes := b.signedIn(); !yes {
		t.Error("signed out")
	}
}

// Threats 18, 30: whoever is not signed in writes nothing, whatever they load, and
// nor does a hand-off that no person began. A made clock shows touches as well,
// which are written a second later.
func TestWhatWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		w.add(anna)
		link, err := w.portal.Setup.Link(t.Context(), origin, time.Now())
		if err == nil {
			t.Fatalf("a set-up link although there is a user: %s", link)
		}
		member, stranger := w.browser(), w.browser()
		member.signIn(anna)
		member.get("/")
		settle := func() uint64 {
			time.Sleep(5 * time.Second)
			synctest.Wait()
			return w.raw.Stats().Writes
		}
		before := settle()
		for range 1000 {
			for _, path := range []string{
				"/", "/login", handoff.Login(origin, wiki+"/a"), handoffAddress(wiki + "/"), "/logout", "/setup?token=x", "/healthz",
				"/.well-known/jwks.json", "/.well-known/openid-configuration", "/nothing",
			} {
				stranger.get(path)
			}
			stranger.do(http.MethodHead, "/login", nil)
			stranger.post("/login", url.Values{})
			stranger.post("/logout", url.Values{})
			stranger.login(anna, password, "Sec-Fetch-Site", "cross-site")
			stranger.get("/", "Cookie", cookieName+"=nonsense")
		}
		if after := settle(); after != before {
			t.Errorf("anonymous requests made %d writes", after-before)
		}
		for range 10 {
			member.do(http.MethodHead, handoffAddress(wiki+"/"), nil)
			member.get(handoffAddress(wiki+"/"), "Sec-Purpose", "prefetch")
		}
		if after := settle(); after != before {
			t.Errorf("hand-offs that nobody began made %d writes", after-before)
		}
	})
}

// Without local users there is no set-up page.
func TestNoSetupWithoutLocalUsers(t *testing.T) {
	w := newPortal(t, func(p *portal.Portal) { p.Setup = nil })
	b := w.browser()
	for _, a := range []*answer{b.get("/setup"), b.get("/setup?token=x"), b.post("/setup", url.Values{"token": {"x"}})} {
		if a.status != http.StatusGone {
			t.Errorf("status %d", a.status)
		}
	}
}
