// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const newPassword = "an unguessable battery"

// change returns the form of /account; further words are its boxes that are ticked.
func change(current, fresh string, boxes ...string) url.Values {
	form := url.Values{"current": {current}, "password": {fresh}}
	for _, box := range boxes {
		form.Set(box, "yes")
	}
	return form
}

// People see who they are here, with whatever their names hold.
func TestAccountSaysWhoYouAre(t *testing.T) {
	w := newPortal(t)
	if _, err := w.house.Users.Add(t.Context(), local.NewUser{
		Name: anna, FullName: "Anna <Ölander>", Email: "anna@example.com", Password: password, Groups: []string{"staff", "wiki & co"},
	}); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	b.signIn(anna)
	a := b.get("/account")
	for _, want := range []string{"Anna &lt;Ölander&gt;", "<bdi>anna</bdi>", "anna@example.com", ">staff<", "wiki &amp; co", `action="/account"`} {
		if a.status != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("%d, without %q", a.status, want)
		}
	}
}

// Whoever changes their password stays signed in here, with a token that nobody can
// have copied before, and nowhere else: the old token, the copies, the other
// browsers and the tokens of the apps' hosts are worth nothing any more (threats 13, 14).
func TestPasswordChange(t *testing.T) {
	w := newPortal(t)
	w.secrets.add(newPassword)
	w.add(anna)
	w.add(bert)
	b, thief, other, stranger := w.browser(), w.browser(), w.browser(), w.browser()
	b.signIn(anna)
	other.signIn(anna)
	stranger.signIn(bert)
	old := b.token(cookieName)
	thief.plant(cookieName, old)
	mine, theirs := w.reach(b.sessionOf(), wiki), w.reach(other.sessionOf(), wiki)

	a := b.post("/account", change(password, newPassword))
	if a.status != http.StatusOK || !strings.Contains(a.body, "Your password is changed") || !strings.Contains(a.body, "1 other session has ended") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if c := a.cookie(cookieName); c == nil || c.Value == old || c.MaxAge != 0 {
		t.Errorf("cookie %v", c)
	}
	if name, _ := b.signedIn(); name != anna {
		t.Errorf("this browser is %q", name)
	}
	for what, gone := range map[string]*browser{"the copy": thief, "the other browser": other} {
		if _, yes := gone.signedIn(); yes {
			t.Errorf("%s is signed in", what)
		}
	}
	if w.opens(mine, wiki) || w.opens(theirs, wiki) {
		t.Error("a token from before opens the wiki")
	}
	// The app's host takes the new session over without a question.
	if a := b.get(handoffAddress(wiki + "/")); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), wiki+"/.gatehouse/land") {
		t.Errorf("the hand-off afterwards: %d %s", a.status, a.location())
	}
	if a := w.browser().login(anna, password); a.status != http.StatusUnauthorized {
		t.Errorf("the old password: %d", a.status)
	}
	if a := w.browser().login(anna, newPassword); a.status != http.StatusSeeOther {
		t.Errorf("the new password: %d", a.status)
	}
	if name, _ := stranger.signedIn(); name != bert {
		t.Error("another person was signed out")
	}
	if events := w.secrets.of(audit.UserChanged); len(events) != 1 || events[0].User != anna {
		t.Errorf("audit: %+v", events)
	}
}

// Who says so stays signed in elsewhere; this browser gets a new token all the same.
func TestPasswordChangeThatKeepsOthers(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b, thief, other := w.browser(), w.browser(), w.browser()
	b.signIn(anna)
	other.signIn(anna)
	thief.plant(cookieName, b.token(cookieName))
	a := b.post("/account", change(password, newPassword, "keep_others"))
	if a.status != http.StatusOK || !strings.Contains(a.body, "wherever else you were") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if _, yes := other.signedIn(); !yes {
		t.Error("the other browser is signed out")
	}
	if _, yes := thief.signedIn(); yes {
		t.Error("the copy works")
	}
}

// What cannot be taken is said at its field, and nothing has changed: neither the
// password nor any session nor the cookie.
func TestPasswordChangeRefused(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b, other := w.browser(), w.browser()
	b.signIn(anna)
	other.signIn(anna)
	for name, test := range map[string]struct {
		form url.Values
		says string
	}{
		"wrong":    {change("not the password", newPassword), "not your current password"},
		"nothing":  {url.Values{}, "fill in"},
		"no new":   {change(password, ""), "fill in"},
		"no old":   {change("", newPassword), "fill in"},
		"short":    {change(password, "seven.."), "too short"},
		"long":     {change(password, strings.Repeat("x", 1025)), "too long"},
		"long old": {change(strings.Repeat("x", 60<<10), newPassword), "not your current password"},
		"controls": {change(password, "a password\x00 with"), "cannot be typed"},
	} {
		form := test.form
		form.Set("keep_others", "yes")
		a := b.post("/account", form)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, test.says) || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if !strings.Contains(a.body, `aria-invalid="true"`) || !strings.Contains(a.body, `value="yes" checked`) {
			t.Errorf("%s: no field is marked, or the box is not ticked any more", name)
		}
		for _, typed := range []string{form.Get("current"), form.Get("password")} {
			if len(typed) > 7 && strings.Contains(a.body, typed) {
				t.Errorf("%s: the page repeats a password", name)
			}
		}
	}
	if len(w.sessions()) != 2 {
		t.Errorf("%d sessions", len(w.sessions()))
	}
	w.browser().signIn(anna)
}

// Threat 23: whoever finds an open browser cannot guess the password there, and a
// right one among the guesses beyond the limit is not looked at.
func TestGuessingTheCurrentPassword(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	for range 200 {
		a := b.post("/account", change("a wrong guess", newPassword))
		if a.status == http.StatusTooManyRequests {
			if a.header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			hashes := w.house.Users.Hashes()
			if a := b.post("/account", change(password, newPassword)); a.status != http.StatusTooManyRequests || w.house.Users.Hashes() != hashes {
				t.Errorf("the right one: %d", a.status)
			}
			if len(w.secrets.of(audit.LoginFailed)) < 2 {
				t.Error("the operator does not learn of it")
			}
			return
		}
		if a.status != http.StatusUnprocessableEntity {
			t.Fatalf("%d", a.status)
		}
	}
	t.Fatal("200 wrong guesses were taken")
}

// People whose passwords are kept elsewhere are offered nothing, and a form that is
// sent all the same finds nothing.
func TestNoPasswordToChange(t *testing.T) {
	w := newPortal(t, func(p *portal.Portal) { p.Users = nil })
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	if a := b.get("/account"); a.status != http.StatusOK || strings.Contains(a.body, `name="current"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.post("/account", change(password, newPassword)); a.status != http.StatusNotFound {
		t.Errorf("%d", a.status)
	}
}

// breaking pulls the store's pen when it is told of a kind of event.
type breaking struct {
	*secrets
	at   audit.Kind
	disk *disk
}

func (b breaking) Record(e audit.Event) {
	b.secrets.Record(e)
	if e.Kind == b.at {
		b.disk.Break(store.ErrFull)
	}
}

// Threat 19: when the password is stored and the ends of the sessions are not, the
// page says both. The other sessions, and a copy of this one, are refused.
func TestPasswordChangeHalfStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		w.add(anna)
		b, other := w.browser(), w.browser()
		b.signIn(anna)
		other.signIn(anna)
		w.portal.Audit = breaking{w.secrets, audit.UserChanged, w.disk}
		a := b.post("/account", change(password, newPassword))
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "password is changed, but not all is done") || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%d %s", a.status, a.body)
		}
		for _, b := range []*browser{b, other} {
			if _, yes := b.signedIn(); yes {
				t.Error("a session from before works")
			}
		}
		w.portal.Audit = w.secrets
		w.disk.Break(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.sessions()); n != 0 {
			t.Errorf("%d sessions in the store", n)
		}
		if a := b.login(anna, newPassword); a.status != http.StatusSeeOther {
			t.Errorf("the new password: %d", a.status)
		}
	})
}

// When nothing can be stored nothing has changed, and the page says so.
func TestPasswordChangeThatCannotBeStored(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	w.disk.Break(store.ErrFull)
	a := b.post("/account", change(password, newPassword))
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "could not be stored") || a.header.Get("Set-Cookie") != "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.disk.Break(nil)
	if _, yes := b.signedIn(); !yes {
		t.Error("signed out")
	}
	w.browser().signIn(anna)
}

// A sign-in with the old password that is on its way while the password changes ends
// with no session, whichever of the two is faster.
func TestLoginsDuringAPasswordChange(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	var all sync.WaitGroup
	others := make([]*browser, 40)
	for i := range others {
		others[i] = w.browser()
		all.Go(func() { others[i].login(anna, password) })
	}
	all.Go(func() {
		for {
			switch a := b.post("/account", change(password, newPassword)); a.status {
			case http.StatusOK:
				return
			case http.StatusServiceUnavailable: // many passwords are being checked
			default:
				t.Errorf("%d %s", a.status, a.body)
				return
			}
		}
	})
	all.Wait()
	if ids := w.sessions(); len(ids) != 1 || ids[0] != b.sessionOf() {
		t.Errorf("left: %v", ids)
	}
	if _, yes := b.signedIn(); !yes {
		t.Error("who has changed it is signed out")
	}
}
