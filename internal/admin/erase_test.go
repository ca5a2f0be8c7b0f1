// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
	"github.com/gatehouse-sso/gatehouse/store"
)

// everything returns all that the store holds, as text.
func (h *house) everything(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	write := func(what any, err error) {
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	for _, kind := range []store.Kind{session.Kind, handoff.Kind, resend.Kind, accesstoken.Kind} {
		for record, err := range h.List(t.Context(), kind, store.Filter{}) {
			write(record, err)
			text.Write(record.Payload)
		}
	}
	for d, err := range h.Documents(t.Context(), "") {
		write(d.Name, err)
		text.Write(d.Data)
	}
	return text.String()
}

// keepForm keeps a form of a user whose session was over.
func (h *house) keepForm(t *testing.T, userID string) {
	t.Helper()
	forms := &resend.Keeper{Store: h.Live}
	holder := resend.Holder{UserID: userID, Bond: "bond", Origin: "https://wiki.example.com"}
	body := "email=anna@example.com"
	form := resend.Form{}
	if _, err := forms.Keep(t.Context(), holder, form, strings.NewReader(body), int64(len(body)), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// arrive makes an app say that somebody has come.
func (h *house) arrive(t *testing.T, userID string) {
	t.Helper()
	arrivals := &voucher.Keeper{Store: h.Live}
	word := voucher.Word{App: "orders", Username: userID, Expires: time.Now().Add(time.Minute)}
	if _, err := arrivals.Accept(t.Context(), userID, word, voucher.Arrival{UserID: userID, App: "orders", Challenge: "c"}, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// Of an erased person no record holds a datum, whether they were removed before or
// not; others lose nothing.
func TestEraseLeavesNothingOfThePerson(t *testing.T) {
	for _, removedBefore := range []bool{false, true} {
		h := open(t)
		anna := h.addAnna(t)
		bert, err := h.AddUser(t.Context(), admin.NewUser{Name: "bert", FullName: "Bert Berg", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		h.signIn(t, bert.User.ID)
		h.keepForm(t, bert.User.ID)
		h.keepForm(t, anna.ID)
		h.accessToken(t, bert.User.ID)
		h.accessToken(t, anna.ID)
		h.arrive(t, bert.User.ID)
		h.arrive(t, anna.ID)
		if _, err := h.Throttle.Begin(t.Context(), throttle.Attempt{Name: "anna"}); err != nil {
			t.Fatal(err)
		}
		if removedBefore {
			if _, err := h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna"}); err != nil {
				t.Fatal(err)
			}
		}
		h.audit.events = nil
		if _, err := h.RemoveUser(t.Context(), admin.UserRemoval{Name: "Anna", Erase: true}); err != nil {
			t.Fatal(err)
		}
		left := h.everything(t)
		for _, datum := range []string{"Anna", "Ölander", "anna", anna.ID, strings.TrimPrefix(anna.ID, "local:")} {
			if strings.Contains(left, datum) {
				t.Errorf("%q is left in the store", datum)
			}
		}
		if h.live(t, bert.User.ID) != 1 || strings.Count(left, bert.User.ID) < 5 {
			t.Error("another person has lost something")
		}
		events := h.audit.events
		if last := events[len(events)-1]; last != (audit.Event{Kind: audit.UserChanged, User: "anna", Reason: "erased by operator"}) {
			t.Errorf("the last event is %+v", last)
		}
		_, err = h.AddUser(t.Context(), admin.NewUser{Name: "anna", Password: password})
		if !errors.Is(err, local.ErrErased) {
			t.Errorf("adding the name again: %v", err)
		}
		if _, err = h.EnableUser(t.Context(), admin.UserName{Name: "anna"}); !errors.Is(err, local.ErrErased) {
			t.Errorf("enabling an erased user: %v", err)
		}
		if _, err = h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna", Erase: true}); !errors.Is(err, local.ErrErased) {
			t.Errorf("erasing twice: %v", err)
		}
	}
}

// When the store fails half-way, the person is out, the operator is told, and can
// ask again.
func TestEraseThatFailsCanBeAskedForAgain(t *testing.T) {
	h := open(t)
	anna := h.addAnna(t)
	h.refuse = store.ErrFull
	_, err := h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna", Erase: true})
	if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), "erase again") {
		t.Errorf("got %v", err)
	}
	if _, err := h.Users.ByName(t.Context(), "anna"); !errors.Is(err, local.ErrRemoved) {
		t.Errorf("the person is still there: %v", err)
	}
	h.refuse = nil
	if _, err := h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna", Erase: true}); err != nil {
		t.Fatal(err)
	}
	if left := h.everything(t); strings.Contains(left, anna.ID) {
		t.Errorf("left: %s", left)
	}
}

// When deleted bytes cannot be done away with, the person is erased all the same, and the
// operator learns what is left.
func TestEraseSaysWhatIsLeftInTheFile(t *testing.T) {
	for _, failed := range []error{nil, store.ErrFull} {
		h := open(t)
		h.addAnna(t)
		scrubbed := 0
		h.Scrub = func(context.Context) error { scrubbed++; return failed }
		change, err := h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna", Erase: true})
		if err != nil || scrubbed != 1 || strings.Contains(change.Note, "written over") != (failed != nil) {
			t.Errorf("scrubbed %d times; %q, %v", scrubbed, change.Note, err)
		}
		if _, err := h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna", Erase: true}); !errors.Is(err, local.ErrErased) {
			t.Errorf("erasing twice: %v", err)
		}
	}
}
