// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

func today() time.Time { return time.Now() }

// handoffAddress is where the gate of an app sends a browser for a code.
func handoffAddress(returnTo string) string {
	return handoff.Code(origin, session.NewNonce().Challenge(), returnTo)
}

// Without a session the hand-off leads to the sign-in page, whose address keeps
// nothing but where the person was going, and from there on to the app.
func TestHandoffWithoutSession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	page := wiki + "/page?x=1&y=2"
	a := b.get(handoffAddress(page))
	if a.status != http.StatusSeeOther || a.location() != handoff.Login(origin, page) {
		t.Fatalf("%d %s", a.status, a.location())
	}
	if a = b.get(a.location()); a.status != http.StatusOK {
		t.Fatalf("the sign-in page: %d", a.status)
	}
	a = b.post("/login", url.Values{"username": {anna}, "password": {password}, "return_to": {page}})
	if a.location() != handoff.Begin(target("wiki", wiki), page) {
		t.Fatalf("after the login: %s", a.location())
	}
	// Whoever is signed in and opens a kept sign-in address goes straight on.
	if a = b.get(handoff.Login(origin, page)); a.location() != handoff.Begin(target("wiki", wiki), page) {
		t.Errorf("a kept address: %d %s", a.status, a.location())
	}
}

// The code goes to the app's own host, once, for the browser that asked: it opens
// the session of who is signed in and is worth nothing to another browser.
func TestHandoffMakesACode(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	nonce := session.NewNonce()
	page := tickets + "/42?tab=a"
	a := b.get(handoff.Code(origin, nonce.Challenge(), page))
	land, err := url.Parse(a.location())
	if err != nil || a.status != http.StatusSeeOther || land.Scheme+"://"+land.Host+land.Path != tickets+"/.gatehouse/land" {
		t.Fatalf("%d %s", a.status, a.location())
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("a code may be kept or passed on: %v", a.header)
	}
	code := land.Query().Get("code")
	w.secrets.add(code)
	presented := session.Presented{Token: nonce, OK: true}
	landing, err := w.house.Codes.Redeem(t.Context(), code, "https://apps.example.com", presented, time.Now())
	if err != nil || landing.ReturnTo != page || landing.Session.ID != w.sessions()[0] {
		t.Errorf("landing %+v: %v", landing, err)
	}
	// That browser holds a token of this session at the app now, so it needs no code.
	if a = b.get(handoff.Code(origin, landing.Token.Challenge(), page)); a.location() != page {
		t.Errorf("a browser that is signed in there: %d %s", a.status, a.location())
	}
}

// Threat 30: HEAD, prefetch, an image and a script make no code.
func TestPrefetchMakesNoCode(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	address := handoffAddress(wiki + "/")
	for _, headers := range [][]string{
		{"Sec-Purpose", "prefetch"},
		{"Sec-Purpose", "prefetch;prerender"},
		{"Purpose", "prefetch"},
		{"X-Moz", "prefetch"},
		{"Sec-Fetch-Mode", "no-cors"},
		{"Sec-Fetch-Mode", "cors"},
	} {
		if a := b.get(address, headers...); a.status != http.StatusForbidden || a.location() != "" {
			t.Errorf("%v: %d %s", headers, a.status, a.location())
		}
	}
	if a := b.do(http.MethodHead, address, nil); a.status != http.StatusForbidden || a.location() != "" {
		t.Errorf("HEAD: %d %s", a.status, a.location())
	}
	if n := len(w.records(handoff.Kind)); n != 0 {
		t.Errorf("%d codes were made", n)
	}
	if a := b.get(address); !strings.HasPrefix(a.location(), wiki+"/.gatehouse/land?code=") {
		t.Errorf("a navigation: %d %s", a.status, a.location())
	}
}

// A hand-off that asks for what it cannot have is refused and sends nobody anywhere.
func TestHandoffRefusesWhatItCannotRead(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	good := session.NewNonce().Challenge()
	for _, query := range []url.Values{
		{},
		{"challenge": {good}},
		{"return_to": {wiki + "/"}},
		{"challenge": {good}, "return_to": {"https://evil.test/"}},
		{"challenge": {good}, "return_to": {wiki + "/"}, "then": {"https://evil.test/"}},
		{"challenge": {good}, "return_to": {wiki + "/"}, "then": {wiki + "/page"}}, // no companion of it
		{"challenge": {good}, "return_to": {wiki + "/"}, "then": {""}},
		{"challenge": {good[1:]}, "return_to": {wiki + "/"}},
		{"challenge": {good + "="}, "return_to": {wiki + "/"}},
		{"challenge": {good[:42] + "\n"}, "return_to": {wiki + "/"}},
	} {
		if a := b.get("/handoff?" + query.Encode()); a.status != http.StatusBadRequest || a.location() != "" {
			t.Errorf("%v: %d %s", query, a.status, a.location())
		}
	}
	if n := len(w.records(handoff.Kind)); n != 0 {
		t.Errorf("%d codes were made", n)
	}
}

// The list of apps shows those that this person may open, each by way of its own
// hand-off; a change of groups shows at the next request (threat 17).
func TestAppsOfAPerson(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert, "staff")
	a, b := w.browser(), w.browser()
	a.signIn(anna)
	b.signIn(bert)
	wikiTile := handoff.Begin(target("wiki", wiki), wiki+"/")
	ticketsTile := handoff.Begin(target("tickets", tickets), tickets+"/")
	if page := a.get("/").body; !strings.Contains(page, `href="`+wikiTile+`"`) || strings.Contains(page, "tickets") {
		t.Error("anna's apps are not the wiki alone")
	}
	if page := b.get("/").body; !strings.Contains(page, wikiTile) || !strings.Contains(page, ticketsTile) {
		t.Error("bert does not see both apps")
	}
	none := []string{}
	if _, err := w.house.Users.Set(t.Context(), bert, edit(&none)); err != nil {
		t.Fatal(err)
	}
	if page := b.get("/").body; strings.Contains(page, "tickets") {
		t.Error("bert sees an app after he has left its group")
	}
}
