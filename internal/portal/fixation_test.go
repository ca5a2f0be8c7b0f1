// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// Threat 13: an attacker plants the cookie of a session of their own. After the
// login it is another one, and the planted one opens nothing, now or after a restart.
func TestPlantedSessionIsDeadAfterLogin(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	attacker, victim := w.browser(), w.browser()
	attacker.signIn(bert)
	planted := attacker.token(cookieName)
	victim.plant(cookieName, planted)

	victim.signIn(anna)
	if victim.token(cookieName) == planted {
		t.Fatal("the planted token became anna's")
	}
	if name, _ := victim.signedIn(); name != anna {
		t.Errorf("the victim is %q", name)
	}
	if name, yes := attacker.signedIn(); yes {
		t.Errorf("the planted token opens a session of %q", name)
	}
	restarted := w.again().browser()
	restarted.plant(cookieName, planted)
	if _, yes := restarted.signedIn(); yes {
		t.Error("the planted token opens a session after a restart")
	}
	if n := len(w.sessions()); n != 1 {
		t.Errorf("%d sessions in the store, want 1", n)
	}
}

// Threat 13, before any login: tokens that nobody handed out, a nonce among them,
// are not taken over.
func TestInventedTokenIsNotAdopted(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	for _, invented := range []session.Token{session.NewNonce(), session.NewToken(store.NewID(today()))} {
		b := w.browser()
		b.plant(cookieName, invented.Text())
		if _, yes := b.signedIn(); yes {
			t.Fatal("an invented token opens a session")
		}
		b.signIn(anna)
		if b.token(cookieName) == invented.Text() {
			t.Error("the invented token became a session's")
		}
	}
}

// A selector is in lists, logs and the `sid` of assertions. Whoever knows one and
// shows it with a made-up secret at their own login ends nobody's session.
func TestSelectorAloneEndsNobodysSession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	victim, attacker := w.browser(), w.browser()
	victim.signIn(anna)
	selector := w.sessions()[0]

	attacker.plant(cookieName, session.NewToken(selector).Text())
	attacker.signIn(bert)
	if name, _ := victim.signedIn(); name != anna {
		t.Error("a login with her selector ended anna's session")
	}
	attacker.plant(cookieName, session.NewToken(selector).Text())
	attacker.post("/logout", nil)
	if name, _ := victim.signedIn(); name != anna {
		t.Error("a logout with her selector ended anna's session")
	}
}

// A session that counts no more, since its person is disabled, is ended for good
// by the next login and by a logout at this browser: should the person be enabled
// again, a copy of the cookie stays dead.
func TestDisabledPersonsSessionIsEndedForGood(t *testing.T) {
	for _, how := range []string{"login", "logout"} {
		w := newPortal(t)
		w.add(anna)
		w.add(bert)
		b := w.browser()
		b.signIn(anna)
		copied := b.token(cookieName)
		if _, err := w.house.Users.Disable(t.Context(), anna); err != nil {
			t.Fatal(err)
		}
		if how == "login" {
			b.signIn(bert)
		} else if a := b.post("/logout", nil); a.status != http.StatusSeeOther {
			t.Fatalf("logout: %d", a.status)
		}
		if _, _, err := w.house.Users.Enable(t.Context(), anna); err != nil {
			t.Fatal(err)
		}
		thief := w.browser()
		thief.plant(cookieName, copied)
		if name, yes := thief.signedIn(); yes {
			t.Errorf("%s: the copied cookie opens a session of %q", how, name)
		}
	}
}

// A login in a browser where somebody else is signed in replaces that session, on
// every host (threat 31).
func TestLoginReplacesAnotherPersonsSession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	b := w.browser()
	b.signIn(anna)
	before := w.sessions()
	b.signIn(bert)
	if name, _ := b.signedIn(); name != bert {
		t.Errorf("the browser is %q", name)
	}
	if after := w.sessions(); len(after) != 1 || slices.Contains(after, before[0]) {
		t.Errorf("sessions %v, then %v", before, after)
	}
}

// meddling is a source in which something happens right after a password was found
// to be right, before the session is started.
type meddling struct {
	identity.Source
	then func(*identity.User)
}

func (m meddling) Authenticate(ctx context.Context, name, password string) (*identity.User, error) {
	u, err := m.Source.Authenticate(ctx, name, password)
	if err == nil {
		m.then(u)
	}
	return u, err
}

// Threats 14, 17: a password change or a disabling, with the end of all sessions
// that it brings, falls between the check of the old password and the session that
// it would open. No session is left.
func TestChangeDuringLoginLeavesNoSession(t *testing.T) {
	for what, change := range map[string]func(w *town) error{
		"password": func(w *town) error {
			_, err := w.house.Users.SetPassword(context.Background(), anna, "another password")
			return err
		},
		"disable": func(w *town) error {
			_, err := w.house.Users.Disable(context.Background(), anna)
			return err
		},
		"remove": func(w *town) error {
			_, err := w.house.Users.Remove(context.Background(), anna)
			return err
		},
	} {
		var w *town
		w = newPortal(t, func(p *portal.Portal) {
			p.Source = meddling{p.Source, func(u *identity.User) {
				if err := change(w); err != nil {
					t.Error(err)
				}
				if _, err := w.house.Sessions.EndAll(context.Background(), u.ID, store.ID{}); err != nil {
					t.Error(err)
				}
			}}
		})
		w.add(anna)
		b := w.browser()
		a := b.login(anna, password)
		if a.status != http.StatusServiceUnavailable || a.cookie(cookieName) != nil {
			t.Errorf("%s: status %d, cookie %v", what, a.status, a.cookie(cookieName))
		}
		if _, yes := b.signedIn(); yes {
			t.Errorf("%s: signed in", what)
		}
		if n := len(w.sessions()); n != 0 {
			t.Errorf("%s: %d sessions", what, n)
		}
	}
}

// Threat 15: people who sign in at the same moment are never taken for each other,
// neither by the portal nor in what the store remembers of their sessions.
func TestLoginsAtTheSameMomentKeepTheirIdentities(t *testing.T) {
	const people, rounds, atOnce = 100, 20, 40
	w := newPortal(t)
	ids := map[string]string{}
	for i := range people {
		name := fmt.Sprintf("person%d", i)
		ids[name] = w.add(name).ID
	}
	logins := make(chan string, people*rounds)
	for range rounds {
		for name := range ids {
			logins <- name
		}
	}
	close(logins)
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for name := range logins {
				b := w.browser()
				b.signIn(name)
				if got, _ := b.signedIn(); got != name {
					t.Errorf("%s is taken for %q", name, got)
				}
				token, ok := session.ParseToken(b.token(cookieName))
				if !ok {
					t.Errorf("%s has no token", name)
					continue
				}
				if s, err := w.house.Sessions.Get(t.Context(), token.ID); err != nil || s.UserID != ids[name] {
					t.Errorf("%s has a session of %v: %v", name, s, err)
				}
			}
		})
	}
	group.Wait()
}

// Threat 12: what is no token of ours opens nothing and breaks nothing.
func TestMalformedCookie(t *testing.T) {
	w := newTown(t, memstore.New(), newKey(t))
	w.add(anna)
	owner := w.browser()
	owner.signIn(anna)
	good := owner.token(cookieName)
	for _, cookie := range []string{
		cookieName + "=",
		cookieName,
		"=" + good,
		cookieName + "=.",
		cookieName + "=" + good + "=",
		cookieName + "=" + good[:len(good)-1],
		cookieName + "=" + good + "\x00",
		cookieName + "=\"" + good + "\"",
		cookieName + "=" + string(make([]byte, 8<<10)),
		"gatehouse=" + good,
	} {
		b := w.browser()
		for _, path := range []string{"/", "/login", "/logout", "/handoff"} {
			if a := b.get(path, "Cookie", cookie); a.header.Get("Set-Cookie") != "" || path == "/" && a.status != http.StatusSeeOther {
				t.Errorf("%.80q: %s: %d", cookie, path, a.status)
			}
		}
	}
}

// A sibling host can toss a second cookie of our name where `__Host-` does not keep
// it away. Neither counts, nothing says "signed out" while a session lives, and the
// person is told instead of being sent round and round (threats 12, 52).
func TestTossedCookieIsNamed(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	owner := w.browser()
	owner.signIn(anna)
	both := cookieName + "=" + owner.token(cookieName) + "; " + cookieName + "=" + session.NewToken(store.NewID(today())).Text()
	b := w.browser()
	for _, path := range []string{"/", "/login", "/logout", handoffAddress(wiki + "/")} {
		if a := b.get(path, "Cookie", both); a.status != http.StatusBadRequest || a.header.Get("Set-Cookie") != "" {
			t.Errorf("GET %s: %d", path, a.status)
		}
	}
	for _, path := range []string{"/login", "/logout", "/setup"} {
		form := map[string][]string{"username": {anna}, "password": {password}}
		if a := b.post(path, form, "Cookie", both); a.status != http.StatusBadRequest || a.header.Get("Set-Cookie") != "" {
			t.Errorf("POST %s: %d", path, a.status)
		}
	}
	if n := len(w.sessions()); n != 1 {
		t.Errorf("%d sessions", n)
	}
}
