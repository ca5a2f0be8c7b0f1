// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// Login CSRF (threat 27): whoever lures somebody onto their own link signs nobody in.
// Nothing happens without the button; no page of another site presses it, nobody presses
// it in another browser, and one that was shown for one person never signs in another.
func TestNobodyIsSignedInAsSomebodyElse(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	w.add(bert, "clerks")
	attacker, victim := w.browser(), w.browser()
	theirs := attacker.arrive(bert, "")
	for _, headers := range foreignForm {
		if a := victim.goOn(theirs, headers...); a.status != http.StatusForbidden {
			t.Errorf("%q: %d", headers, a.status)
		}
	}
	if a := victim.goOn(theirs); a.status != http.StatusGone || a.cookie(cookieName) != nil {
		t.Errorf("another browser's arrival: %d", a.status)
	}
	own := victim.arrive(anna, "")
	if a := victim.goOn(theirs); a.status != http.StatusGone {
		t.Errorf("another browser's arrival beside one's own: %d", a.status)
	}
	// Lured onto a second link while the first page is still open.
	lured := victim.arrive(bert, "")
	if a := victim.get("/continue?arrival=" + lured); !strings.Contains(a.body, "Continue as <bdi>bert</bdi>?") {
		t.Errorf("the page does not say as whom\n%s", a.body)
	}
	if a := victim.goOn(own); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if name, _ := victim.signedIn(); name != anna {
		t.Errorf("signed in as %q", name)
	}
	if a := victim.goOn(lured); a.status != http.StatusConflict || a.header.Get("Set-Cookie") != "" {
		t.Errorf("the second one afterwards: %d", a.status)
	}
	lines := len(w.secrets.of(audit.WordRefused))
	for _, arrival := range []string{"", "x", strings.Repeat("A", 22)} {
		if a := w.browser().goOn(arrival); a.status != http.StatusGone {
			t.Errorf("%q: %d", arrival, a.status)
		}
		if a := w.browser().get("/continue?arrival=" + arrival); a.status != http.StatusGone {
			t.Errorf("a look at %q: %d", arrival, a.status)
		}
	}
	if got := len(w.secrets.of(audit.WordRefused)) - lines; got != 3 {
		t.Errorf("%d lines in the log, want one for each form", got)
	}
}

// TestAWordReplacesNoLiveSession: whoever is signed in stays it. The same person goes on
// as they were; another one is told.
func TestAWordReplacesNoLiveSession(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	w.add(bert, "clerks")
	b := w.browser()
	b.signIn(anna)
	before, token := w.sessions(), b.token(cookieName)
	a := b.follow("/login?" + url.Values{"token": {w.word(anna)}, "return_to": {wiki + "/x"}}.Encode())
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), wiki+"/.gatehouse/begin") {
		t.Errorf("the same person: %d to %q", a.status, a.location())
	}
	a = b.follow(b.follow("/login?token=" + w.word(bert)).location())
	if a.status != http.StatusConflict || !strings.Contains(a.body, "Somebody else is signed in here") || strings.Contains(a.body, "bert") {
		t.Errorf("somebody else: %d %s", a.status, a.body)
	}
	if b.token(cookieName) != token || !cmp.Equal(before, w.sessions()) || a.header.Get("Set-Cookie") != "" {
		t.Error("the session has changed")
	}
	if s, err := w.house.Sessions.Get(t.Context(), before[0]); err != nil || s.Via != "" || !cmp.Equal(s.AMR, []string{"pwd"}) {
		t.Errorf("%+v, %v", s, err)
	}
	// Signed in with a password while the page was open.
	other := w.browser()
	arrival := other.arrive(bert, "")
	other.signIn(anna)
	if a := other.goOn(arrival); a.status != http.StatusConflict {
		t.Errorf("after a sign-in: %d", a.status)
	}
	if name, _ := other.signedIn(); name != anna {
		t.Errorf("now it is %q", name)
	}
	// Two cookies: nobody knows which session would be replaced, and nothing is used up.
	twice := w.browser()
	word := w.word(anna)
	if a := twice.follow("/login?token="+word, "Cookie", cookieName+"=x; "+cookieName+"=y"); a.status != http.StatusBadRequest {
		t.Errorf("two cookies: %d", a.status)
	}
	if a := twice.follow("/login?token=" + word); a.status != http.StatusSeeOther {
		t.Errorf("the same token afterwards: %d", a.status)
	}
}

// TestASessionByWordOpensLittle: the weakest app's key is not everybody's login. It opens
// the apps on its list, as far as the person may, and shows and changes nothing that is
// the person's own; with their password they have everything.
func TestASessionByWordOpensLittle(t *testing.T) {
	w := newPortal(t, vouching(t), func(p *portal.Portal) {
		p.Apps[0].Companions = handoff.Targets{target("tickets", tickets)} // of which no host is passed through either
	})
	w.add(anna, "clerks", "staff")
	own := w.browser()
	own.signIn(anna)
	b := w.browser()
	b.signInByWord(anna)
	nonce := session.NewNonce()
	code := func(app string) *answer {
		return b.follow("/handoff?" + url.Values{"challenge": {nonce.Challenge()}, "return_to": {app + "/"}}.Encode())
	}
	if a := b.get("/"); !strings.Contains(a.body, "wiki.example.com") || strings.Contains(a.body, "apps.example.com") {
		t.Errorf("the apps are\n%s", a.body)
	}
	_, land, _ := strings.Cut(code(wiki).location(), wiki+"/.gatehouse/land?code=")
	landing, err := w.house.Codes.Redeem(t.Context(), land, wiki, session.Presented{Token: nonce, OK: true}, time.Now())
	if err != nil || landing.ReturnTo != wiki+"/" || landing.Onward != "" {
		t.Errorf("the wiki: %+v, %v", landing, err)
	}
	passing := b.follow("/handoff?" + url.Values{
		"challenge": {session.NewNonce().Challenge()}, "return_to": {tickets + "/"}, handoff.ParamThen: {wiki + "/"},
	}.Encode())
	if passing.location() != wiki+"/" {
		t.Errorf("passing through: %d to %q", passing.status, passing.location())
	}
	closed := map[string]*answer{
		"an app that is not listed": code(tickets), "account": b.get("/account"), "tokens": b.get("/account/tokens"), "sessions": b.get("/sessions"),
		"a new password": b.post("/account", url.Values{"current": {password}, "password": {"another good password"}}),
		"a new token":    b.post("/account/tokens", url.Values{"label": {"x"}, "app": {"wiki"}, "days": {"9"}, "current": {password}}),
		"an end":         b.post("/sessions", url.Values{"end": {"others"}}),
	}
	for what, a := range closed {
		if a.status != http.StatusForbidden || a.location() != "" || !strings.Contains(a.body, "Sign in with your password") || strings.Contains(a.body, "192.0.2.7") {
			t.Errorf("%s: %d to %q\n%s", what, a.status, a.location(), a.body)
		}
	}
	if denied := w.secrets.of(audit.Denied); len(denied) != len(closed) || !strings.Contains(denied[0].Reason, "begun by the app orders") {
		t.Errorf("%+v", denied)
	}
	if _, in := own.signedIn(); !in {
		t.Error("the session with a password has ended")
	}
	// The browser is not known for having been signed in by an app: guesses at the password
	// get no counter of their own there.
	if b.token(browserName) != "" {
		t.Error("the browser is remembered")
	}
	b.signIn(anna)
	if a := b.get("/account"); a.status != http.StatusOK {
		t.Errorf("with the password: %d", a.status)
	}
	if n := len(w.sessions()); n != 2 {
		t.Errorf("%d sessions", n)
	}
	other := w.browser()
	other.signInByWord(anna)
	if a := b.get("/sessions"); strings.Count(a.body, "by <bdi>orders</bdi>, without your password") != 1 {
		t.Errorf("the list of sessions says\n%s", a.body)
	}
	// Signing out is always possible.
	again := w.browser()
	again.signInByWord(anna)
	again.post("/logout", url.Values{})
	if _, in := again.signedIn(); in {
		t.Error("still signed in")
	}
}

// TestAWordIsTakenBack: what the operator takes back, from the person or from the app,
// counts for the sessions there are; and those who are shut out can sign in otherwise.
func TestAWordIsTakenBack(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	b := w.browser()
	b.signInByWord(anna)
	stays := func(what string, want bool) {
		t.Helper()
		if _, in := b.signedIn(); in != want {
			t.Errorf("%s: signed in: %v", what, in)
		}
	}
	stays("at first", true)
	groups := func(names ...string) {
		t.Helper()
		if _, err := w.house.Users.Set(t.Context(), anna, edit(&names)); err != nil {
			t.Fatal(err)
		}
	}
	groups("staff")
	stays("off the list", false)
	if a := b.get("/login"); a.status != http.StatusOK || !strings.Contains(a.body, `name="password"`) {
		t.Errorf("the sign-in page: %d", a.status)
	}
	groups("clerks")
	stays("on it again", true)
	arrival := w.browser()
	pending := arrival.arrive(anna, "")
	if _, err := w.house.Users.Disable(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	stays("disabled", false)
	if a := arrival.goOn(pending); a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" {
		t.Errorf("going on when disabled: %d", a.status)
	}
	if _, _, err := w.house.Users.Enable(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	stays("enabled", true)
	b.signIn(anna)
	stays("with a password", true)
	if n := len(w.sessions()); n != 1 {
		t.Errorf("%d sessions", n)
	}
	// A configuration without the option.
	b.post("/logout", url.Values{})
	b.signInByWord(anna)
	plain := w.again().browser()
	plain.plant(cookieName, b.token(cookieName))
	if _, in := plain.signedIn(); in {
		t.Error("signed in where no app may do that")
	}
}

// TestAnAppEndsNobodysSession: where people may have so many sessions and no more, an
// app's word ends none of them, and those that it has begun make room.
func TestAnAppEndsNobodysSession(t *testing.T) {
	w := newPortal(t, vouching(t), func(p *portal.Portal) { p.PerUser.Most = 1 })
	w.add(anna, "clerks")
	own := w.browser()
	own.signIn(anna)
	b := w.browser()
	if a := b.goOn(b.arrive(anna, "")); a.status != http.StatusForbidden || !strings.Contains(a.body, "too many places") || a.cookie(cookieName) != nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	if _, in := own.signedIn(); !in {
		t.Error("the person's own session has ended")
	}
	// Where they may have any number, an app begins no more than a hundred.
	free := newPortal(t, vouching(t))
	clerk := free.add(anna, "clerks")
	for range 99 {
		login := session.Login{UserID: clerk.ID, AMR: []string{voucher.AMR}, Via: "orders", Origin: origin, Limits: free.portal.Limits}
		if _, _, err := free.house.Sessions.Start(t.Context(), login, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	free.browser().signInByWord(anna)
	last := free.browser()
	if a := last.goOn(last.arrive(anna, "")); a.status != http.StatusForbidden {
		t.Errorf("session 101: %d", a.status)
	}
	last.signIn(anna)
}

// A person who comes back after an idle end goes on with what the apps have left, and an
// arrival is there for some minutes.
func TestAWordAfterAnIdleEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t), vouching(t))
		w.add(anna, "clerks")
		b := w.browser()
		b.signIn(anna)
		before, err := w.house.Sessions.Get(t.Context(), w.sessions()[0])
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		b.signInByWord(anna)
		ids := w.sessions()
		after, err := w.house.Sessions.Get(t.Context(), ids[0])
		if err != nil || len(ids) != 1 || after.Bond != before.Bond || after.Via != "orders" || !after.Follows(before.ID) {
			t.Errorf("%+v\n%+v, %v", before, after, err)
		}
		late := w.browser()
		arrival := late.arrive(anna, "")
		time.Sleep(voucher.Lifetime)
		if a := late.goOn(arrival); a.status != http.StatusGone || a.header.Get("Set-Cookie") != "" {
			t.Errorf("too late: %d", a.status)
		}
	})
}
