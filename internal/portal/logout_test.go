// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// A logout ends the session for every host and every copy of a cookie at once,
// and takes the cookie away (threat 14).
func TestLogoutEndsEverywhere(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b, thief := w.browser(), w.browser()
	b.signIn(anna)
	thief.plant(cookieName, b.token(cookieName))
	if _, yes := thief.signedIn(); !yes {
		t.Fatal("the copy does not work to begin with")
	}
	id := w.sessions()[0]
	spend := store.PutDocument{Document: store.Document{Name: "spent", Data: []byte("x")}}
	grant, err := w.house.Sessions.Attach(t.Context(), id, wiki, spend, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.house.Live.Find(t.Context(), grant.Token, wiki, session.Limits{}, time.Now()); err != nil {
		t.Fatal(err)
	}

	if a := b.get("/logout"); a.status != http.StatusOK || !strings.Contains(a.body, `<form method="post" action="/logout">`) {
		t.Fatalf("the question: %d", a.status)
	}
	a := b.post("/logout", url.Values{"return_to": {wiki + "/page"}})
	if c := a.cookie(cookieName); a.status != http.StatusSeeOther || c == nil || c.MaxAge >= 0 {
		t.Errorf("%d, cookie %v", a.status, c)
	}
	if a.location() != wiki+"/.gatehouse/left?return_to="+url.QueryEscape(wiki+"/page") {
		t.Errorf("leads to %s", a.location())
	}
	if page := b.get("/logout?return_to=" + url.QueryEscape(wiki+"/page")); !strings.Contains(page.body, "You are signed out") || !strings.Contains(page.body, "/login?return_to=https%3a%2f%2fwiki.example.com%2fpage") {
		t.Errorf("the page after it: %d %s", page.status, page.body)
	}
	if _, yes := thief.signedIn(); yes {
		t.Error("the copied cookie works")
	}
	if _, _, err := w.house.Live.Find(t.Context(), grant.Token, wiki, session.Limits{}, time.Now()); err == nil {
		t.Error("the wiki's cookie works")
	}
	if n := len(w.sessions()); n != 0 {
		t.Errorf("%d sessions in the store", n)
	}
}

// Nobody's logout, and a second one, are answered like the first.
func TestLogoutOfNobody(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	for range 2 {
		if a := b.post("/logout", nil); a.status != http.StatusSeeOther || a.location() != origin+"/logout" {
			t.Errorf("%d %s", a.status, a.location())
		}
	}
	if n := len(w.secrets.of(audit.Logout)); n != 0 {
		t.Errorf("%d events", n)
	}
}

// Threat 19: a logout that cannot be stored refuses the session at once and does
// not say "signed out", neither then nor when the person tries again or looks,
// until the store has it.
func TestLogoutThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		w.add(anna)
		b, thief := w.browser(), w.browser()
		b.signIn(anna)
		token := b.token(cookieName)
		thief.plant(cookieName, token)

		w.disk.Break(store.ErrFull)
		for try, a := range map[string]*answer{
			"first":  b.post("/logout", nil),
			"second": b.post("/logout", nil),
			"look":   b.get("/logout"),
		} {
			if a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" || a.header.Get("Retry-After") == "" {
				t.Errorf("%s: %d, cookie %q", try, a.status, a.header.Get("Set-Cookie"))
			}
			if strings.Contains(a.body, "You are signed out") || !strings.Contains(a.body, "not finished") {
				t.Errorf("%s says that it is done: %s", try, a.body)
			}
		}
		if b.token(cookieName) != token {
			t.Error("the cookie is gone, so nobody can try again")
		}
		if _, yes := thief.signedIn(); yes {
			t.Error("the session still works")
		}
		if a := b.get("/"); a.status != http.StatusSeeOther {
			t.Errorf("the apps: %d", a.status)
		}

		w.disk.Break(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(w.sessions()); n != 0 {
			t.Errorf("%d sessions in the store", n)
		}
		if a := b.post("/logout", nil); a.status != http.StatusSeeOther || a.cookie(cookieName) == nil {
			t.Errorf("after it: %d", a.status)
		}
		if a := b.get("/logout"); a.status != http.StatusOK || !strings.Contains(a.body, "You are signed out") {
			t.Errorf("after it: %d", a.status)
		}
	})
}

// A login while the end of the old session is not stored yet ends that one too.
func TestLoginAfterALogoutThatCouldNotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t))
		w.add(anna)
		w.add(bert)
		b := w.browser()
		b.signIn(anna)
		old := w.sessions()[0]
		w.disk.Break(store.ErrFull)
		b.post("/logout", nil)
		if a := b.login(bert, password); a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" {
			t.Errorf("a login while the store is full: %d", a.status)
		}
		w.disk.Break(nil)
		b.signIn(bert)
		if all := w.sessions(); len(all) != 1 || all[0] == old {
			t.Errorf("sessions %v, the old one was %v", all, old)
		}
		time.Sleep(time.Minute)
		if name, _ := b.signedIn(); name != bert || len(w.house.Live.Ending()) != 0 {
			t.Errorf("the browser is %q, ending: %v", name, w.house.Live.Ending())
		}
	})
}

// What runs under the session is cut by the logout.
func TestLogoutCutsWhatRuns(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	token, _ := session.ParseToken(b.token(cookieName))
	s, _, err := w.house.Live.Find(t.Context(), token, origin, session.Limits{}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tie, ok := s.Tie(t.Context())
	if !ok {
		t.Fatal("the session is over")
	}
	defer tie.Release()
	b.post("/logout", nil)
	if !errors.Is(context.Cause(tie), live.ErrEnded) {
		t.Errorf("a request of the session goes on: %v", context.Cause(tie))
	}
}
