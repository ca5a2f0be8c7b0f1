// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// sessionsOf returns the sessions that a filter finds now.
func (h *house) sessionsOf(t *testing.T, f admin.SessionFilter) []admin.Session {
	t.Helper()
	list, err := h.ListSessions(t.Context(), f, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// openWiki signs a session in at the wiki as a hand-off does.
func (h *house) openWiki(t *testing.T, id store.ID) {
	t.Helper()
	spend := store.NewID(time.Now())
	if err := h.Live.Commit(t.Context(), store.Put{Record: store.Record{Kind: "voucher", ID: spend}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.sessions.Attach(t.Context(), id, "https://wiki.example.com", store.Delete{Kind: "voucher", ID: spend}, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// The list names people and apps, can be narrowed to either, and is an array even
// when it is empty.
func TestListSessions(t *testing.T) {
	h := open(t)
	if text, err := json.Marshal(h.sessionsOf(t, admin.SessionFilter{})); err != nil || string(text) != "[]" {
		t.Errorf("got %s, %v, want an empty array", text, err)
	}
	anna := h.addAnna(t)
	bert, err := h.AddUser(t.Context(), admin.NewUser{Name: "bert", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	h.signIn(t, bert.User.ID)
	all := h.sessionsOf(t, admin.SessionFilter{})
	people := map[string]string{}
	for _, s := range all {
		people[s.User] = s.UserID
	}
	if len(all) != 3 || people["anna"] != anna.ID || people["bert"] != bert.User.ID {
		t.Fatalf("got %+v", all)
	}
	h.openWiki(t, h.sessionsOf(t, admin.SessionFilter{User: "bert"})[0].ID)
	inWiki := h.sessionsOf(t, admin.SessionFilter{App: "wiki"})
	if len(inWiki) != 1 || inWiki[0].User != "bert" || strings.Join(inWiki[0].Origins, " ") != "https://login.example.com https://wiki.example.com" {
		t.Errorf("in the wiki: %+v", inWiki)
	}
	if of := h.sessionsOf(t, admin.SessionFilter{User: "ANNA"}); len(of) != 2 {
		t.Errorf("anna's: %+v", of)
	}
	if of := h.sessionsOf(t, admin.SessionFilter{User: "anna", App: "wiki"}); len(of) != 0 {
		t.Errorf("anna's in the wiki: %+v", of)
	}
	for _, s := range all {
		if got := s.Expires.Sub(s.Seen); got != time.Hour {
			t.Errorf("expires %v after it was seen, want the idle limit", got)
		}
	}
	if _, err := h.ListSessions(t.Context(), admin.SessionFilter{User: "carl"}, time.Now()); !errors.Is(err, identity.ErrUnknown) {
		t.Errorf("sessions of nobody: %v", err)
	}
	if _, err := h.ListSessions(t.Context(), admin.SessionFilter{App: "wikki"}, time.Now()); !errors.Is(err, admin.ErrBadQuestion) {
		t.Errorf("sessions in no app: %v", err)
	}
}

// A session that is over by the configured limits is not listed, though the store
// still has it.
func TestASessionThatIsOverIsNotListed(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	list, err := h.ListSessions(t.Context(), admin.SessionFilter{}, time.Now().Add(h.Limits.Idle))
	if err != nil || len(list) != 0 {
		t.Errorf("got %+v, %v", list, err)
	}
}

// What is revoked is refused, and the audit says who was concerned.
func TestRevokeSessions(t *testing.T) {
	h := open(t)
	anna := h.addAnna(t)
	first := h.sessionsOf(t, admin.SessionFilter{})[0].ID
	revoke := func(r admin.Revocation, want int) {
		t.Helper()
		got, err := h.RevokeSessions(t.Context(), r)
		if err != nil || got.SessionsEnded != want {
			t.Errorf("%+v: got %+v, %v, want %d", r, got, err, want)
		}
	}
	revoke(admin.Revocation{ID: first}, 1)
	if _, err := h.sessions.Get(t.Context(), first); !errors.Is(err, session.ErrNone) {
		t.Errorf("the revoked session: %v", err)
	}
	revoke(admin.Revocation{User: "Anna"}, 1)
	h.signIn(t, anna.ID)
	h.signIn(t, anna.ID)
	revoke(admin.Revocation{All: true}, 2)
	revoke(admin.Revocation{All: true}, 0)
	h.audit.want(t,
		audit.Event{Kind: audit.SessionsEnded, User: "anna", Session: first, Reason: "revoked by operator", Count: 1},
		audit.Event{Kind: audit.SessionsEnded, User: "anna", Reason: "revoked by operator", Count: 1},
		audit.Event{Kind: audit.SessionsEnded, Reason: "all revoked by operator", Count: 2},
	)
}

// Sessions that are over leave nothing to go on from when all of a person's, or of
// everybody's, are revoked, and are not counted among them.
func TestRevocationReachesWhatIsOver(t *testing.T) {
	for _, r := range []admin.Revocation{{User: "anna"}, {All: true}} {
		h := open(t)
		anna := h.addAnna(t)
		login := session.Login{UserID: anna.ID, Origin: "https://login.example.com", Limits: session.Limits{Idle: time.Hour}}
		if _, _, err := h.sessions.Start(t.Context(), login, time.Now().Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := h.sessionsOf(t, admin.SessionFilter{}); len(got) != 2 {
			t.Errorf("%d are listed, want 2", len(got))
		}
		if got, err := h.RevokeSessions(t.Context(), r); got.SessionsEnded != 2 || err != nil {
			t.Errorf("%+v: %d ended, %v, want 2", r, got.SessionsEnded, err)
		}
		if n := h.live(t, anna.ID); n != 0 {
			t.Errorf("%+v: the store has %d", r, n)
		}
	}
}

// A revocation that names nothing, or several things, must not end everything.
func TestARevocationNamesOneThing(t *testing.T) {
	h := open(t)
	anna := h.addAnna(t)
	id := h.sessionsOf(t, admin.SessionFilter{})[0].ID
	for _, r := range []admin.Revocation{{}, {ID: id, All: true}, {User: "anna", All: true}, {ID: id, User: "anna"}} {
		if _, err := h.RevokeSessions(t.Context(), r); !errors.Is(err, admin.ErrBadQuestion) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if _, err := h.RevokeSessions(t.Context(), admin.Revocation{ID: store.NewID(time.Now())}); !errors.Is(err, session.ErrNone) {
		t.Errorf("no such session: %v", err)
	}
	if n := h.live(t, anna.ID); n != 2 {
		t.Errorf("%d sessions are left, want 2", n)
	}
}

// Attack 19: a revocation whose write fails is refused in memory, listed as
// ending, and never reported as done.
func TestAttack19ARevocationThatIsNotStoredSaysSo(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	h.refuse = store.ErrFull
	for _, r := range []admin.Revocation{{ID: h.sessionsOf(t, admin.SessionFilter{})[0].ID}, {User: "anna"}, {All: true}} {
		got, err := h.RevokeSessions(t.Context(), r)
		if !errors.Is(err, live.ErrEnding) || got.SessionsEnded != 0 {
			t.Errorf("%+v: got %+v, %v", r, got, err)
		}
	}
	for _, s := range h.sessionsOf(t, admin.SessionFilter{}) {
		if !s.Ending {
			t.Errorf("%s is not listed as ending", s.ID)
		}
	}
}
