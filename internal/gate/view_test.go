// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// assertion returns what the app receives.
func assertion(p *gate.Pass) string { return p.Request.Header.Get("X-Gatehouse-Jwt") }

// TestAssertionSaysWhoSignedIn: every claim that apps are promised, verified with
// the ring's public keys, and refused for every other app.
func TestAssertionSaysWhoSignedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t)
		s, token := d.signIn()
		p := d.passed(ask(wiki+"/", holding(token)))
		want := keyring.Claims{
			Issuer: portal, Subject: d.anna.ID, Audience: "wiki", Name: "anna", FullName: "The anna", Email: "anna@example.com",
			Groups: []string{"staff"}, SessionID: s.ID.String(), AuthTime: s.AuthTime, AMR: []string{"pwd"},
		}
		if diff := cmp.Diff(want, d.verify(p)); diff != "" {
			t.Error(diff)
		}
		if _, err := d.Keys.Verify(assertion(p), portal, "tickets", []keyring.Algorithm{keyring.ES256}, time.Now()); err == nil {
			t.Error("another app takes this app's assertion")
		}
		time.Sleep(time.Minute)
		if _, err := d.Keys.Verify(assertion(p), portal, "wiki", []keyring.Algorithm{keyring.ES256}, time.Now()); err == nil {
			t.Error("the assertion outlives its lifetime")
		}
	})
}

// TestAssertionIsReusedForHalfItsLife, so that signing is paid once in a while, and
// what an app receives is always good for the other half.
func TestAssertionIsReusedForHalfItsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t)
		_, token := d.signIn()
		get := func() string { return assertion(d.passed(ask(wiki+"/", holding(token)))) }
		first := get()
		time.Sleep(30*time.Second - time.Millisecond)
		if get() != first {
			t.Error("signed anew before half of its life was over")
		}
		time.Sleep(time.Millisecond)
		second := get()
		if second == first {
			t.Error("used for more than half of its life")
		}
		if get() != second {
			t.Error("the second is not reused")
		}
	})
}

// TestAssertionAfterTheClockWasSetBack: a clock may differ by seconds, and is set back by
// hours. An assertion that is from the future then is refused by apps, so it is made anew
// and not kept until its time has come (threat 51).
func TestAssertionAfterTheClockWasSetBack(t *testing.T) {
	d := newGate(t)
	made := time.Now()
	for after, want := range map[time.Duration]bool{
		-time.Hour: false, -11 * time.Second: false, -9 * time.Second: true, 0: true, 29 * time.Second: true, 31 * time.Second: false,
	} {
		if got, err := d.Reuses(d.anna, made, made.Add(after)); err != nil || got != want {
			t.Errorf("%v later: used again is %t, want %t; %v", after, got, want, err)
		}
	}
}

// TestAssertionIsNeverStale: whatever an assertion was made of has changed, and so
// has the assertion (threat 16).
func TestAssertionIsNeverStale(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	get := func() *gate.Pass { return d.passed(ask(wiki+"/", holding(token))) }
	for _, c := range []struct {
		what   string
		change func() error
	}{
		{"the user", func() error {
			_, err := d.house.Users.Set(t.Context(), "anna", local.Edit{Groups: &[]string{"admins"}})
			return err
		}},
		{"the session", func() error { d.handOff(s, "https://tickets.example.com"); return nil }},
		{"the key", func() error { return d.Keys.Rotate(t.Context(), keyring.ES256) }},
		{"the keys, after a theft", func() error { return d.Keys.Replace(t.Context(), keyring.ES256) }},
		{"the configuration", func() error { d.reload(); return nil }},
	} {
		before := assertion(get())
		if assertion(get()) != before {
			t.Errorf("%s: not reused before the change", c.what)
		}
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		after := get()
		if assertion(after) == before {
			t.Errorf("%s has changed and the assertion has not", c.what)
		}
		d.verify(after)
	}
	if got := d.verify(get()).Groups; !cmp.Equal(got, []string{"admins"}) {
		t.Errorf("groups %q, want those of now", got)
	}
}

// TestAppsDoNotShareAssertions: one session, two apps, each its own audience, at the
// same time and in turn (threat 16).
func TestAppsDoNotShareAssertions(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	tickets := *d
	tickets.reload(at("https://tickets.example.com"), func(a *gate.App) { a.Name = "tickets" })
	there := d.handOff(s, "https://tickets.example.com")
	var first string
	for range 3 {
		d.verify(d.passed(ask(wiki+"/", holding(token))))
		p := tickets.passed(ask("https://tickets.example.com/", holding(there)))
		claims, err := d.Keys.Verify(assertion(p), portal, "tickets", []keyring.Algorithm{keyring.ES256}, time.Now())
		if err != nil || claims.Audience != "tickets" {
			t.Fatalf("%v, %v", claims, err)
		}
		if first != "" && assertion(p) != first {
			t.Error("two apps drive each other's assertions out")
		}
		first = assertion(p)
	}
	// A token counts on its own host only.
	d.answered(ask(wiki+"/", holding(there)), http.StatusUnauthorized)
	tickets.answered(ask("https://tickets.example.com/", holding(token)), http.StatusUnauthorized)
}

// TestHeaderChangedInPlace: handlers behind the gate may change the header that they
// are handed, in place too. The next request does not see it.
func TestHeaderChangedInPlace(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	p := d.passed(ask(wiki+"/", holding(token)))
	want := p.Request.Header.Clone()
	for name, values := range p.Request.Header {
		for i := range values {
			values[i] = "changed"
		}
		// Appending must not run into the neighbour's value.
		p.Request.Header[name] = append(values, "more")
	}
	for name, values := range p.Request.Header {
		if !cmp.Equal(values, []string{"changed", "more"}) {
			t.Errorf("%s: %q", name, values)
		}
	}
	if diff := cmp.Diff(want, d.passed(ask(wiki+"/", holding(token))).Request.Header); diff != "" {
		t.Error(diff)
	}
}

// TestPeopleAreNeverExchanged: many people at once, some of whom sign in again and
// again, and each request arrives as its own (threat 15).
func TestPeopleAreNeverExchanged(t *testing.T) {
	d := newGate(t)
	const people = 20
	var all sync.WaitGroup
	for i := range people {
		user := d.user("user" + string(rune('a'+i)))
		all.Go(func() {
			var token session.Token
			for round := range 50 {
				if round%10 == 0 {
					token = d.handOff(d.login(user), wiki)
				}
				r := ask(wiki+"/", holding(token))
				pass, w := d.admit(r)
				if pass == nil {
					t.Errorf("%s: answered %d", user.Name, w.Code)
					return
				}
				if got := pass.Request.Header.Get("Remote-User"); got != user.Name || pass.User.ID != user.ID {
					t.Errorf("%s arrives as %s", user.Name, got)
				}
				if got := d.verify(pass); got.Subject != user.ID || got.Name != user.Name || got.SessionID != pass.Session.ID.String() {
					t.Errorf("%s is asserted as %s", user.Name, got.Name)
				}
				pass.Release()
			}
		})
	}
	all.Wait()
}
