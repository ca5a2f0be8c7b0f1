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

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const month = 30 * 24 * time.Hour

func remembering(p *portal.Portal) { p.Limits.Remember = month }

func bounded(per session.PerUser) func(*portal.Portal) {
	return func(p *portal.Portal) { p.PerUser = per }
}

// loginRemembered sends the form of the sign-in page with the box ticked.
func (b *browser) loginRemembered(name, password string) *answer {
	b.t.Helper()
	return b.post("/login", url.Values{"username": {name}, "password": {password}, "remember": {"yes"}})
}

// Whoever ticks the box stays signed in when the browser is closed and for as long
// as was said, without a request in between; whoever does not is no different from
// before.
func TestRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t), remembering)
		w.add(anna)
		b, plain := w.browser(), w.browser()
		if a := b.get("/login"); !strings.Contains(a.body, `name="remember"`) || !strings.Contains(a.body, "For 30 days") || strings.Contains(a.body, "checked") {
			t.Errorf("the sign-in page: %s", a.body)
		}
		if a := b.loginRemembered(anna, "a wrong password"); !strings.Contains(a.body, `value="yes" checked`) {
			t.Error("after a problem the box is not ticked any more")
		}
		if c := b.loginRemembered(anna, password).cookie(cookieName); c == nil || c.MaxAge != int(month/time.Second) {
			t.Errorf("cookie %v", c)
		}
		if c := plain.login(anna, password).cookie(cookieName); c == nil || c.MaxAge != 0 {
			t.Errorf("without the box: cookie %v", c)
		}
		if a := b.get("/sessions"); !strings.Contains(a.body, "Stays signed in") {
			t.Error("the list of sessions does not say it")
		}
		time.Sleep(month / 2)
		// A new token, for the rest of the time only or for a time of its own.
		if c := b.post("/account", change(password, newPassword, "keep_others")).cookie(cookieName); c == nil || c.MaxAge != int(month/time.Second) {
			t.Errorf("after a change of the password: cookie %v", c)
		}
		time.Sleep(month - time.Minute)
		if _, yes := b.signedIn(); !yes {
			t.Error("signed out too early")
		}
		if _, yes := plain.signedIn(); yes {
			t.Error("an ordinary session lives as long")
		}
		time.Sleep(time.Minute)
		if _, yes := b.signedIn(); yes {
			t.Error("signed in after the end")
		}
	})
}

// Where it is not offered nobody gets it by sending the box all the same.
func TestRememberThatIsNotOffered(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	if a := b.get("/login"); strings.Contains(a.body, "remember") {
		t.Error("the page offers it")
	}
	if c := b.loginRemembered(anna, password).cookie(cookieName); c == nil || c.MaxAge != 0 {
		t.Errorf("cookie %v", c)
	}
	s, err := w.house.Sessions.Get(t.Context(), b.sessionOf())
	if err != nil || s.Remembered || s.Limits != (session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour}) {
		t.Errorf("%+v (%v)", s, err)
	}
}

// One more than a person may have ends the oldest.
func TestTooManySessionsEndTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t), bounded(session.PerUser{Most: 2}))
		w.add(anna)
		first, second, third := w.browser(), w.browser(), w.browser()
		for _, b := range []*browser{first, second, second, third} {
			b.signIn(anna)
			time.Sleep(time.Second)
		}
		for b, want := range map[*browser]bool{first: false, second: true, third: true} {
			if _, yes := b.signedIn(); yes != want {
				t.Errorf("signed in: %v, want %v", yes, want)
			}
		}
		if events := w.secrets.of(audit.SessionsEnded); len(events) != 1 || events[0].User != anna || events[0].Session != first.sessionOf() {
			t.Errorf("audit: %+v", events)
		}
	})
}

// Or it is refused, with the right password only, and says what to do. Who changes
// their password needs no room for it.
func TestTooManySessionsAreRefused(t *testing.T) {
	w := newPortal(t, bounded(session.PerUser{Most: 1, Refuse: true}))
	w.add(anna)
	first, second := w.browser(), w.browser()
	first.signIn(anna)
	if a := second.login(anna, "a wrong password"); a.status != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d", a.status)
	}
	a := second.login(anna, password)
	if a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" || !strings.Contains(a.body, "as many places as is allowed") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := first.post("/account", change(password, newPassword)); a.status != http.StatusOK {
		t.Errorf("a change of the password: %d", a.status)
	}
	first.post("/logout", nil)
	if a := second.login(anna, newPassword); a.status != http.StatusSeeOther {
		t.Errorf("when there is room: %d", a.status)
	}
}

// Sign-ins at the same moment do not slip through together.
func TestSignInsAtOnceStayWithinTheBound(t *testing.T) {
	for _, per := range []session.PerUser{{Most: 2}, {Most: 2, Refuse: true}} {
		w := newPortal(t, bounded(per))
		w.add(anna)
		var all sync.WaitGroup
		browsers := make([]*browser, 20)
		for i := range browsers {
			browsers[i] = w.browser()
			all.Go(func() { browsers[i].login(anna, password) })
		}
		all.Wait()
		signedIn := 0
		for _, b := range browsers {
			if _, yes := b.signedIn(); yes {
				signedIn++
			}
		}
		if signedIn != 2 || len(w.sessions()) != 2 {
			t.Errorf("%+v: %d browsers are signed in, %d sessions", per, signedIn, len(w.sessions()))
		}
	}
}
