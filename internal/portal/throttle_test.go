// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

// lock makes wrong guesses at a name from somewhere until they are refused.
func lock(t *testing.T, w *town, name, from string) {
	t.Helper()
	b := w.browser()
	for range 100 {
		switch a := b.login(name, "a wrong password", "Test-Client", from); a.status {
		case http.StatusUnauthorized:
		case http.StatusTooManyRequests:
			if a.header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			return
		default:
			t.Fatalf("status %d", a.status)
		}
	}
	t.Fatal("100 wrong guesses were taken")
}

// Threat 23: guesses are counted for the canonical name, however it is written, and
// then the right password does not count either. Others are not concerned.
func TestGuessingIsCountedForTheCanonicalName(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	lock(t, w, "ANNA", "192.0.2.1")
	before := w.house.Users.Hashes()
	for _, spelling := range []string{"anna", "Anna", "ａｎｎａ"} {
		if a := w.browser().login(spelling, password, "Test-Client", "198.51.100.1"); a.status != http.StatusTooManyRequests {
			t.Errorf("%s: status %d", spelling, a.status)
		}
	}
	if w.house.Users.Hashes() != before {
		t.Error("a refused attempt was hashed")
	}
	if a := w.browser().login(bert, password, "Test-Client", "192.0.2.1"); a.status != http.StatusSeeOther {
		t.Errorf("bert: status %d", a.status)
	}
}

// Threat 23: hundreds of invented names lock out nobody who comes from elsewhere.
func TestInventedNamesLockNobodyOut(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	for i := range 320 {
		b.login(fmt.Sprintf("invented%d", i), "a wrong password", "Test-Client", "192.0.2.1")
	}
	if a := b.login(anna, password, "Test-Client", "192.0.2.1"); a.status != http.StatusTooManyRequests {
		t.Errorf("the address of the guesser: status %d", a.status)
	}
	if a := w.browser().login(anna, password, "Test-Client", "192.0.2.2"); a.status != http.StatusSeeOther {
		t.Errorf("another address: status %d", a.status)
	}
}

// Threat 23: a stranger cannot lock a person out of a browser in which they have
// signed in before, not even from the same address; and not when somebody else has
// signed in there since.
func TestStrangerLocksNobodyOutOfAKnownBrowser(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	b := w.browser()
	b.signIn(anna)
	b.post("/logout", url.Values{})
	b.signIn(bert)
	b.post("/logout", url.Values{})
	lock(t, w, anna, "192.0.2.7")
	if a := w.browser().login(anna, password); a.status != http.StatusTooManyRequests {
		t.Errorf("a strange browser: status %d", a.status)
	}
	b.signIn(anna)
}

// A browser is known for those who have signed in with it and for nobody else, and
// a made-up or copied text makes none known.
func TestBrowserIsKnownForItsPeopleOnly(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	berts := w.browser()
	berts.signIn(bert)
	lock(t, w, anna, "192.0.2.1")
	if a := berts.login(anna, password, "Test-Client", "192.0.2.2"); a.status != http.StatusTooManyRequests {
		t.Errorf("bert's browser: status %d", a.status)
	}
	forger := w.browser()
	forger.plant(browserName, "bm90IHNlYWxlZCBieSB1cw")
	if a := forger.login(anna, password, "Test-Client", "192.0.2.3"); a.status != http.StatusTooManyRequests {
		t.Errorf("a forged browser: status %d", a.status)
	}
}

// Correct logins are not slowed: hundreds in a row from one address pass.
func TestCorrectLoginsAreNotCounted(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	for i := range 400 {
		if a := w.browser().login(anna, password); a.status != http.StatusSeeOther {
			t.Fatalf("login %d: status %d", i, a.status)
		}
	}
}
