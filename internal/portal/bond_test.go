// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// bond returns the bond of the session that the browser has.
func (b *browser) bond() string {
	b.t.Helper()
	token, ok := session.ParseToken(b.token(cookieName))
	if !ok {
		b.t.Fatal("the browser has no session")
	}
	s, err := b.town.house.Sessions.Held(b.t.Context(), token, origin)
	if err != nil {
		b.t.Fatal(err)
	}
	return s.Bond
}

// TestBondOfABrowser: what the apps have left in a browser is found again by the person
// who comes back after an idle end or signs in once more, and by nobody after a
// sign-out, another person, a password change or an operator's word (threats 14, 21).
func TestBondOfABrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		w.add(anna)
		w.add("bob")
		b := w.browser()
		b.signIn(anna)
		first := b.bond()
		b.signIn(anna)
		if b.bond() != first {
			t.Error("signed in once more: another bond")
		}
		time.Sleep(20 * time.Hour)
		if _, yes := b.signedIn(); yes {
			t.Fatal("the session is not over")
		}
		b.signIn(anna)
		if b.bond() != first {
			t.Error("back after an idle end: another bond")
		}
		elsewhere := w.browser()
		elsewhere.signIn(anna)
		seen := map[string]string{first: "before", elsewhere.bond(): "another browser"}
		for _, end := range []struct {
			what string
			do   func()
		}{
			{"a sign-out", func() { b.post("/logout", nil) }},
			{"a sign-out after an idle end", func() { time.Sleep(2 * time.Hour); b.post("/logout", nil) }},
			{"another person", func() { b.signIn("bob"); seen[b.bond()] = "bob" }},
			{"an operator", func() {
				token, _ := session.ParseToken(b.token(cookieName))
				if err := w.house.Sessions.End(t.Context(), token.ID); err != nil {
					t.Fatal(err)
				}
			}},
			{"an operator, when it was over", func() {
				user, err := w.house.Users.ByName(t.Context(), anna)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Hour)
				if _, err := w.house.Sessions.EndAll(t.Context(), user.ID, store.ID{}); err != nil {
					t.Fatal(err)
				}
			}},
			{"a day", func() { time.Sleep(time.Hour + session.Grace) }},
		} {
			end.do()
			b.signIn(anna)
			if before, found := seen[b.bond()]; found {
				t.Errorf("%s has left the bond of %s", end.what, before)
			}
			seen[b.bond()] = end.what
		}
		before := b.bond()
		if a := b.post("/account", change(password, newPassword)); a.status != http.StatusOK || b.bond() == before {
			t.Errorf("%d, the bond is the same: %v", a.status, b.bond() == before)
		}
	})
}
