// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// link returns a fresh set-up link and the token in it.
func link(t *testing.T, w *town) (address, token string) {
	t.Helper()
	address, err := w.portal.Setup.Link(t.Context(), origin, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, origin+"/setup?token=") {
		t.Fatalf("link %s: %v", address, err)
	}
	token = u.Query().Get("token")
	w.secrets.add(token)
	return address, token
}

func firstAccount(token string) url.Values {
	return url.Values{"token": {token}, "username": {anna}, "name": {"Anna A."}, "email": {"anna@example.com"}, "password": {password}}
}

// The link leads to a form; the form makes the account, signs its person in, and
// is good once.
func TestSetup(t *testing.T) {
	w := newPortal(t)
	address, token := link(t, w)
	b := w.browser()
	page := b.get(address)
	if page.status != http.StatusOK || !strings.Contains(page.body, `<input type="hidden" name="token" value="`+token+`">`) {
		t.Fatalf("the page: %d %s", page.status, page.body)
	}
	if a := b.post("/setup", firstAccount(token)); a.status != http.StatusSeeOther || a.location() != origin+"/" {
		t.Fatalf("the form: %d %s", a.status, a.body)
	}
	if name, _ := b.signedIn(); name != "Anna A." {
		t.Errorf("signed in as %q", name)
	}
	b.post("/logout", nil)
	b.signIn(anna)
	if a := w.browser().get(address); a.status != http.StatusGone {
		t.Errorf("the link afterwards: %d", a.status)
	}
	if a := w.browser().post("/setup", firstAccount(token)); a.status != http.StatusGone {
		t.Errorf("the form afterwards: %d", a.status)
	}
	if n := len(w.records(portal.SetupKind)); n != 0 {
		t.Errorf("%d links are left", n)
	}
}

// Threat 49: of fifty who send the form at once, one makes an account.
func TestSetupHasOneWinner(t *testing.T) {
	w := newPortal(t)
	_, token := link(t, w)
	var won, gone atomic.Int64
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			form := firstAccount(token)
			form.Set("username", fmt.Sprintf("person%d", i))
			switch a := w.browser().post("/setup", form); a.status {
			case http.StatusSeeOther:
				won.Add(1)
			case http.StatusGone:
				gone.Add(1)
			default:
				t.Errorf("status %d", a.status)
			}
		})
	}
	group.Wait()
	users, err := w.house.Users.List(t.Context())
	if err != nil || len(users) != 1 || won.Load() != 1 || gone.Load() != 49 {
		t.Errorf("%d users, %d won, %d too late: %v", len(users), won.Load(), gone.Load(), err)
	}
}

// Threat 49: a link is good for an hour and no longer.
func TestSetupLinkRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		address, token := link(t, w)
		time.Sleep(portal.SetupLifetime - time.Second)
		if a := w.browser().get(address); a.status != http.StatusOK {
			t.Errorf("before the hour is over: %d", a.status)
		}
		time.Sleep(2 * time.Second)
		if a := w.browser().get(address); a.status != http.StatusGone {
			t.Errorf("after it: %d", a.status)
		}
		if a := w.browser().post("/setup", firstAccount(token)); a.status != http.StatusGone || a.header.Get("Set-Cookie") != "" {
			t.Errorf("after it: %d", a.status)
		}
	})
}

// A fresh link ends those before it.
func TestSetupLinkReplacesTheOneBefore(t *testing.T) {
	w := newPortal(t)
	old, oldToken := link(t, w)
	fresh, _ := link(t, w)
	if a := w.browser().get(old); a.status != http.StatusGone {
		t.Errorf("the old link: %d", a.status)
	}
	if a := w.browser().post("/setup", firstAccount(oldToken)); a.status != http.StatusGone {
		t.Errorf("the old form: %d", a.status)
	}
	if a := w.browser().get(fresh); a.status != http.StatusOK {
		t.Errorf("the fresh link: %d", a.status)
	}
}

// Threat 49: once somebody has an account, however they got it and even when it is
// disabled, no link makes another one, and no new link is made.
func TestSetupIsOverWhenThereIsAUser(t *testing.T) {
	w := newPortal(t)
	address, token := link(t, w)
	w.add(bert)
	if _, err := w.house.Users.Disable(t.Context(), bert); err != nil {
		t.Fatal(err)
	}
	if a := w.browser().get(address); a.status != http.StatusGone {
		t.Errorf("the link: %d", a.status)
	}
	if a := w.browser().post("/setup", firstAccount(token)); a.status != http.StatusGone {
		t.Errorf("the form: %d", a.status)
	}
	if _, err := w.portal.Setup.Link(t.Context(), origin, time.Now()); !errors.Is(err, portal.ErrSetupGone) {
		t.Errorf("another link: %v", err)
	}
}

// A guessed token finds nothing, not even with a selector that was seen in a log.
func TestSetupTokenIsASecret(t *testing.T) {
	w := newPortal(t)
	_, token := link(t, w)
	flipped := []byte(token)
	flipped[len(flipped)-2] ^= 1
	for _, guess := range []string{"", "x", token[:len(token)-1], string(flipped), token + "=", strings.Repeat("A", 66), token[:22] + "." + strings.Repeat("A", 43)} {
		before := w.house.Users.Hashes()
		if a := w.browser().get("/setup?" + url.Values{"token": {guess}}.Encode()); a.status != http.StatusGone {
			t.Errorf("%q: %d", guess, a.status)
		}
		if a := w.browser().post("/setup", firstAccount(guess)); a.status != http.StatusGone {
			t.Errorf("%q: %d", guess, a.status)
		}
		if w.house.Users.Hashes() != before {
			t.Error("a guess costs a hash")
		}
	}
}

// What cannot be taken is shown at its field, with what was typed but for the
// password, and spends nothing.
func TestSetupFieldsThatCannotBeTaken(t *testing.T) {
	w := newPortal(t)
	_, token := link(t, w)
	b := w.browser()
	for _, bad := range []struct{ field, value, marked string }{
		{"username", "", `href="#username"`},
		{"username", "a b", `href="#username"`},
		{"username", "-rf", `href="#username"`},
		{"name", "two\nlines", `href="#name"`},
		{"email", "nowhere", `href="#email"`},
		{"password", "short", `Choose a longer password`},
		{"password", "", `Choose a longer password`},
		{"password", strings.Repeat("x", 1025), `Choose a shorter password`},
	} {
		form := firstAccount(token)
		form.Set(bad.field, bad.value)
		a := b.post("/setup", form)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, bad.marked) || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s %.20q: %d", bad.field, bad.value, a.status)
		}
		if strings.Contains(a.body, password) {
			t.Errorf("%s: the page shows the password", bad.field)
		}
		if bad.field != "name" && !strings.Contains(a.body, `value="Anna A."`) {
			t.Errorf("%s: what was typed is lost", bad.field)
		}
	}
	all := b.post("/setup", url.Values{"token": {token}, "username": {"a b"}, "name": {"two\nlines"}, "email": {"nowhere"}, "password": {"short"}})
	for _, marked := range []string{`href="#username"`, `href="#name"`, `href="#email"`, `href="#password"`} {
		if !strings.Contains(all.body, marked) {
			t.Errorf("of four wrong fields the page does not show %s", marked)
		}
	}
	if a := b.post("/setup", firstAccount(token)); a.status != http.StatusSeeOther {
		t.Errorf("and then: %d", a.status)
	}
}

// The name of somebody who was removed is kept for them (no name is ever given to
// another person), and the page says to choose another.
func TestSetupWithTheNameOfSomebodyRemoved(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	if _, err := w.house.Users.Remove(t.Context(), anna); err != nil {
		t.Fatal(err)
	}
	_, token := link(t, w)
	b := w.browser()
	if a := b.post("/setup", firstAccount(token)); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#username"`) {
		t.Errorf("%d", a.status)
	}
	form := firstAccount(token)
	form.Set("username", bert)
	if a := b.post("/setup", form); a.status != http.StatusSeeOther {
		t.Errorf("another name: %d", a.status)
	}
}

// A store that cannot write spends nothing: the link is as good as before.
func TestSetupThatCannotBeStored(t *testing.T) {
	w := newPortal(t)
	_, token := link(t, w)
	w.disk.Break(store.ErrFull)
	if a := w.browser().post("/setup", firstAccount(token)); a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" {
		t.Errorf("%d", a.status)
	}
	if _, err := w.portal.Setup.Link(t.Context(), origin, time.Now()); !errors.Is(err, store.ErrFull) {
		t.Errorf("another link: %v", err)
	}
	w.disk.Break(nil)
	if any, err := w.house.Users.Any(t.Context()); any || err != nil {
		t.Errorf("users: %v %v", any, err)
	}
	if a := w.browser().post("/setup", firstAccount(token)); a.status != http.StatusSeeOther {
		t.Errorf("and then: %d", a.status)
	}
}
