// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func (d *disk) List(ctx context.Context, kind store.Kind, f store.Filter) iter.Seq2[store.Record, error] {
	if d.gone.Load() {
		return func(yield func(store.Record, error) bool) { yield(store.Record{}, errGone) }
	}
	return d.Failing.List(ctx, kind, f)
}

// sessionOf returns the session that the browser's cookie names.
func (b *browser) sessionOf() store.ID {
	b.t.Helper()
	token, ok := session.ParseToken(b.token(cookieName))
	if !ok {
		b.t.Fatal("the browser has no session")
	}
	return token.ID
}

// reach gives the browser's session a token for an app's host.
func (w *town) reach(id store.ID, at string) session.Token {
	w.t.Helper()
	spend := store.PutDocument{Document: store.Document{Name: "spent/" + store.NewID(time.Now()).String(), Data: []byte("x")}}
	grant, err := w.house.Sessions.Attach(w.t.Context(), id, at, spend, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return grant.Token
}

// opens reports whether a token opens a session at an origin.
func (w *town) opens(token session.Token, at string) bool {
	w.t.Helper()
	_, _, err := w.house.Live.Find(w.t.Context(), token, at, w.portal.Limits, time.Now())
	return err == nil
}

func end(what string) url.Values { return url.Values{"end": {what}} }

// A person sees each of their own sessions as they would say it themselves, and
// nothing of anybody else's.
func TestSessionsAreListed(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	here, phone, other := w.browser(), w.browser(), w.browser()
	here.login(anna, password, "User-Agent", firefox, "Test-Client", "192.0.2.1")
	phone.login(anna, password, "User-Agent", iphone, "Test-Client", "2001:db8::7")
	other.login(bert, password, "User-Agent", "curl/8.14.1 <script>", "Test-Client", "198.51.100.99")
	w.reach(phone.sessionOf(), wiki)
	w.reach(phone.sessionOf(), "https://apps.example.com")
	w.reach(phone.sessionOf(), "https://old.example.com")
	a := here.get("/sessions")
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, want := range []string{
		"Firefox on Linux <span class=\"badge\">This browser</span>", "Safari on iPhone", "192.0.2.1", "2001:db8::7",
		"<strong>1 other place</strong>", "<bdi>wiki</bdi>", "<bdi>old.example.com</bdi>",
		"<time datetime=\"" + time.Now().Local().Format("2006-01-02T15:"), time.Now().Local().Format(" MST</time>"),
		`value="` + phone.sessionOf().String() + `"`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	// Which apps share a host with one that was opened is for those who may open them.
	for _, unwanted := range []string{"curl", "198.51.100.99", "<bdi>tickets</bdi>", other.sessionOf().String(), "<script"} {
		if strings.Contains(a.body, unwanted) {
			t.Errorf("the page holds %q", unwanted)
		}
	}
	if alone := other.get("/sessions"); !strings.Contains(alone.body, "nowhere else") || strings.Contains(alone.body, "End all others") {
		t.Errorf("somebody with one session: %s", alone.body)
	}
}

// Ending one session ends it on every host, at once and for good, and no other one.
func TestEndOneSession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	here, gone, third := w.browser(), w.browser(), w.browser()
	for _, b := range []*browser{here, gone, third} {
		b.signIn(anna)
	}
	id := gone.sessionOf()
	app := w.reach(id, wiki)
	if !w.opens(app, wiki) {
		t.Fatal("the app's token does not work to begin with")
	}
	a := here.post("/sessions", end(id.String()))
	if a.status != http.StatusSeeOther || a.location() != origin+"/sessions" || a.header.Get("Set-Cookie") != "" {
		t.Errorf("%d %s", a.status, a.location())
	}
	if _, yes := gone.signedIn(); yes || w.opens(app, wiki) {
		t.Error("the ended session works")
	}
	for _, b := range []*browser{here, third} {
		if _, yes := b.signedIn(); !yes {
			t.Error("another session ended")
		}
	}
	if events := w.secrets.of(audit.SessionsEnded); len(events) != 1 || events[0].Session != id || events[0].User != anna {
		t.Errorf("audit: %+v", events)
	}
	// Pressed twice, or in two tabs.
	if a := here.post("/sessions", end(id.String())); a.status != http.StatusNotFound || !strings.Contains(a.body, "not there any more") {
		t.Errorf("once more: %d", a.status)
	}
}

// Nobody ends a session of somebody else, or learns that there is one: its ID, one
// that never was and garbage are all answered alike.
func TestSessionOfSomebodyElse(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	victim, attacker := w.browser(), w.browser()
	victim.signIn(anna)
	attacker.signIn(bert)
	var bodies []string
	for _, name := range []string{
		victim.sessionOf().String(), store.NewID(time.Now()).String(), store.ID{}.String(), "", "x", "OTHERS", victim.token(cookieName),
		strings.Repeat("A", 60<<10), "../" + attacker.sessionOf().String(),
	} {
		a := attacker.post("/sessions", end(name))
		if a.status != http.StatusNotFound || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%.40q: %d", name, a.status)
		}
		bodies = append(bodies, a.body)
	}
	for _, body := range bodies[1:] {
		if body != bodies[0] {
			t.Error("the answers differ")
		}
	}
	// While its end is not stored, either.
	w.disk.Break(store.ErrFull)
	defer w.disk.Break(nil)
	victim.post("/logout", nil)
	if a := attacker.post("/sessions", end(victim.sessionOf().String())); a.status != http.StatusNotFound || a.body != bodies[0] {
		t.Errorf("one that is ending: %d", a.status)
	}
}

// All others end, those of other people do not, and this one goes on.
func TestEndAllOthers(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	w.add(bert)
	here, stranger := w.browser(), w.browser()
	here.signIn(anna)
	stranger.signIn(bert)
	var others []*browser
	for range 5 {
		b := w.browser()
		b.signIn(anna)
		others = append(others, b)
	}
	if a := here.post("/sessions", end("others")); a.status != http.StatusSeeOther || a.location() != origin+"/sessions" {
		t.Errorf("%d %s", a.status, a.location())
	}
	for _, b := range others {
		if _, yes := b.signedIn(); yes {
			t.Error("another session works")
		}
	}
	for name, b := range map[string]*browser{anna: here, bert: stranger} {
		if got, _ := b.signedIn(); got != name {
			t.Errorf("the browser of %s is %q", name, got)
		}
	}
	if events := w.secrets.of(audit.SessionsEnded); len(events) != 1 || events[0].Count != 5 {
		t.Errorf("audit: %+v", events)
	}
}

// Ending this session is signing out.
func TestEndThisSession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	a := b.post("/sessions", end(b.sessionOf().String()))
	if c := a.cookie(cookieName); a.status != http.StatusSeeOther || a.location() != origin+"/logout" || c == nil || c.MaxAge >= 0 {
		t.Errorf("%d %s, cookie %v", a.status, a.location(), c)
	}
	if len(w.sessions()) != 0 || len(w.secrets.of(audit.Logout)) != 1 {
		t.Error("not signed out")
	}
}

// Threat 19: an end that cannot be stored is not told as done. The session is
// refused at once, is shown for what it is, and ends for good when the store can.
func TestEndThatCannotBeStored(t *testing.T) {
	for _, all := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newTown(t, memstore.New(), newKey(t))
			w.add(anna)
			here, gone := w.browser(), w.browser()
			here.signIn(anna)
			gone.signIn(anna)
			what := gone.sessionOf().String()
			if all {
				what = "others"
			}
			w.disk.Break(store.ErrFull)
			a := here.post("/sessions", end(what))
			if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "could not be stored yet") {
				t.Errorf("%d %s", a.status, a.body)
			}
			for try, a := range map[string]*answer{"answer": a, "later": here.get("/sessions")} {
				if !strings.Contains(a.body, "Refused already") || !strings.Contains(a.body, "nowhere else") || strings.Contains(a.body, what+`"`) {
					t.Errorf("%s: %s", try, a.body)
				}
			}
			if _, yes := gone.signedIn(); yes {
				t.Error("the session works")
			}
			w.disk.Break(nil)
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := len(w.sessions()); n != 1 {
				t.Errorf("%d sessions in the store", n)
			}
			if a := here.get("/sessions"); strings.Contains(a.body, "Refused already") {
				t.Error("still listed")
			}
		})
	}
}

// Without a session there is nothing to see, to end or to change; nor with a
// selector that somebody has read in a log, or while the store cannot be read.
func TestSessionsAndAccountNeedASession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	forged := w.browser()
	forged.plant(cookieName, session.NewToken(b.sessionOf()).Text())
	for _, stranger := range []*browser{w.browser(), forged} {
		for _, a := range []*answer{
			stranger.get("/sessions"), stranger.get("/account"),
			stranger.post("/sessions", end(b.sessionOf().String())), stranger.post("/sessions", end("others")),
			stranger.post("/account", url.Values{"current": {password}, "password": {"another password"}}),
		} {
			if a.status != http.StatusSeeOther || a.location() != origin+"/login" {
				t.Errorf("%d %s", a.status, a.location())
			}
		}
	}
	if _, yes := b.signedIn(); !yes {
		t.Error("signed out")
	}
	w.disk.pull()
	defer w.disk.plugIn()
	for _, a := range []*answer{b.get("/sessions"), b.post("/sessions", end("x"))} {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" {
			t.Errorf("without a store: %d", a.status)
		}
	}
}

// Threat 27: no foreign page ends a session or changes a password.
func TestForeignFormsEndNoSession(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b, other := w.browser(), w.browser()
	b.signIn(anna)
	other.signIn(anna)
	for _, headers := range foreignForm {
		for _, a := range []*answer{
			b.post("/sessions", end("others"), headers...),
			b.post("/sessions", end(b.sessionOf().String()), headers...),
			b.post("/account", url.Values{"current": {password}, "password": {"another password"}}, headers...),
		} {
			if a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" {
				t.Errorf("%q: %d", headers, a.status)
			}
		}
	}
	if len(w.sessions()) != 2 {
		t.Error("a session ended")
	}
	other.signIn(anna) // with the password from before
}

// Whoever has hundreds of sessions sees the last used ones and is told of the rest,
// which end with all others.
func TestHundredsOfSessions(t *testing.T) {
	w := newPortal(t)
	user := w.add(anna)
	b := w.browser()
	b.signIn(anna)
	for i := range 250 {
		w.startFor(user, time.Now().Add(-time.Duration(i)*time.Second))
	}
	a := b.get("/sessions")
	if rows := strings.Count(a.body, `<li class="session"`); rows != 200 || !strings.Contains(a.body, "250 other places") || !strings.Contains(a.body, "And 51 more") {
		t.Errorf("%d rows: %.2000s", rows, a.body)
	}
	b.post("/sessions", end("others"))
	if n := len(w.sessions()); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
}

// startFor starts a session without a browser.
func (w *town) startFor(user *identity.User, at time.Time) {
	w.t.Helper()
	_, _, err := w.house.Sessions.Start(w.t.Context(), session.Login{UserID: user.ID, Origin: origin, Limits: w.portal.Limits, Agent: "\xff\x00"}, at)
	if err != nil {
		w.t.Error(err)
	}
}

// Ends at the same moment as sign-ins, hand-offs and looks at the list: nothing but
// this session is left after a last one, and no look fails.
func TestEndsDuringLogins(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	var all sync.WaitGroup
	for range 8 {
		other := w.browser()
		all.Go(func() {
			for range 5 {
				if a := other.login(anna, password); a.status != http.StatusSeeOther {
					t.Errorf("login: %d", a.status)
				}
				other.get(handoffAddress(wiki + "/"))
			}
		})
		all.Go(func() {
			for range 5 {
				if a := b.post("/sessions", end("others")); a.status != http.StatusSeeOther {
					t.Errorf("end: %d", a.status)
				}
				if a := b.get("/sessions"); a.status != http.StatusOK {
					t.Errorf("list: %d", a.status)
				}
			}
		})
	}
	all.Wait()
	b.post("/sessions", end("others"))
	if ids := w.sessions(); len(ids) != 1 || ids[0] != b.sessionOf() {
		t.Errorf("left: %v", ids)
	}
	if n := len(w.house.Live.Ending()); n != 0 {
		t.Errorf("%d are ending", n)
	}
}
