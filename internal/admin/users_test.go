// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
)

// The JSON is an interface: scripts read it.
func TestListIsAnArrayOfUsers(t *testing.T) {
	h := open(t)
	check := func(want string) {
		t.Helper()
		list, err := h.ListUsers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(list)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	check(`[]`)
	anna := h.addAnna(t)
	if _, err := h.AddUser(t.Context(), admin.NewUser{Name: "aa", Password: password}); err != nil {
		t.Fatal(err)
	}
	list, err := h.ListUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(`[{"id":"` + list[0].ID + `","source":"local","name":"aa","full_name":"","email":"","groups":[],"attributes":{},"disabled":false,"version":1},` +
		`{"id":"` + anna.ID + `","source":"local","name":"anna","full_name":"Anna Ölander","email":"anna@example.com","groups":["staff"],"attributes":{},"disabled":false,"version":1}]`)
}

// What takes something away from a person takes their sessions as well; what
// changes or gives something leaves them.
func TestWhatEndsSessions(t *testing.T) {
	name := admin.UserName{Name: "ANNA"}
	groups := []string{"admins"}
	for what, test := range map[string]struct {
		do   func(context.Context, *house) (admin.UserChange, error)
		ends bool
	}{
		"changed": {func(ctx context.Context, h *house) (admin.UserChange, error) {
			return h.SetUser(ctx, admin.UserEdit{Name: "anna", Groups: &groups})
		}, false},
		"enabled":  {func(ctx context.Context, h *house) (admin.UserChange, error) { return h.EnableUser(ctx, name) }, false},
		"unlocked": {func(ctx context.Context, h *house) (admin.UserChange, error) { return h.UnlockUser(ctx, name) }, false},
		"password set": {func(ctx context.Context, h *house) (admin.UserChange, error) {
			return h.SetPassword(ctx, admin.NewPassword{Name: "anna", Password: "another password"})
		}, true},
		"disabled": {func(ctx context.Context, h *house) (admin.UserChange, error) { return h.DisableUser(ctx, name) }, true},
		"removed": {func(ctx context.Context, h *house) (admin.UserChange, error) {
			return h.RemoveUser(ctx, admin.UserRemoval{Name: "ANNA"})
		}, true},
	} {
		t.Run(what, func(t *testing.T) {
			h := open(t)
			anna := h.addAnna(t)
			change, err := test.do(t.Context(), h)
			if err != nil {
				t.Fatal(err)
			}
			if change.User.ID != anna.ID || change.User.Name != "anna" || change.Note != "" {
				t.Errorf("got %+v, want the user anna", change)
			}
			want := []audit.Event{{Kind: audit.UserChanged, User: "anna", Reason: what + " by operator"}}
			left := 2
			if test.ends {
				want = append(want, audit.Event{Kind: audit.SessionsEnded, User: "anna", Reason: "user " + what + " by operator", Count: 2})
				left = 0
			}
			if got := h.live(t, anna.ID); got != left || change.SessionsEnded != 2-left {
				t.Errorf("%d sessions live and %d ended, want %d and %d", got, change.SessionsEnded, left, 2-left)
			}
			h.audit.want(t, want...)
		})
	}
}

// Attack 19: a lock-out whose write fails reports success. The change is said to
// have been made, and that sessions are left.
func TestAttack19SessionsThatCouldNotBeEndedAreReported(t *testing.T) {
	h := open(t)
	anna := h.addAnna(t)
	h.refuse = store.ErrFull
	change, err := h.DisableUser(t.Context(), admin.UserName{Name: "anna"})
	if !errors.Is(err, store.ErrFull) || !change.User.Disabled || change.SessionsEnded != 0 {
		t.Fatalf("got %+v, %v, want a disabled user and ErrFull", change, err)
	}
	// Enabling must not bring the sessions back that are left.
	if _, err := h.EnableUser(t.Context(), admin.UserName{Name: "anna"}); !errors.Is(err, store.ErrFull) {
		t.Errorf("enable: got %v, want ErrFull", err)
	}
	if user, err := h.Users.ByName(t.Context(), "anna"); err != nil || !user.Disabled {
		t.Errorf("the user is enabled with sessions from before (%v)", err)
	}
	h.refuse = nil
	change, err = h.EnableUser(t.Context(), admin.UserName{Name: "anna"})
	if err != nil || change.SessionsEnded != 2 || change.User.Disabled || h.live(t, anna.ID) != 0 {
		t.Errorf("got %+v, %v, want two sessions ended and the user enabled", change, err)
	}
}

// A removed user comes back as the same person, without sessions, groups and
// password, and the operator is told so.
func TestARemovedUserComesBack(t *testing.T) {
	h := open(t)
	anna := h.addAnna(t)
	h.refuse = store.ErrFull
	h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna"})
	h.refuse = nil
	change, err := h.EnableUser(t.Context(), admin.UserName{Name: "anna"})
	if err != nil || change.User.ID != anna.ID || len(change.User.Groups) != 0 || !strings.Contains(change.Note, "password") {
		t.Errorf("got %+v, %v", change, err)
	}
	if h.live(t, anna.ID) != 0 {
		t.Error("a session from before the removal lives again")
	}
}

func TestUnlockLetsInAtOnce(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	attempt := throttle.Attempt{Name: "anna", Address: netip.MustParseAddr("192.0.2.1")}
	for {
		trial, err := h.Throttle.Begin(t.Context(), attempt)
		if err != nil {
			break
		}
		trial.Close()
	}
	if _, err := h.UnlockUser(t.Context(), admin.UserName{Name: "Anna"}); err != nil {
		t.Fatal(err)
	}
	trial, err := h.Throttle.Begin(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	trial.Close()
}

// Refused changes change nothing and are no event.
func TestRefusedChangesAreNoEvents(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	bad := "x@y@z"
	for what, test := range map[string]struct {
		do   func() (admin.UserChange, error)
		want error
	}{
		"taken name": {func() (admin.UserChange, error) {
			return h.AddUser(t.Context(), admin.NewUser{Name: "ANNA", Password: password})
		}, local.ErrExists},
		"bad name": {func() (admin.UserChange, error) {
			return h.AddUser(t.Context(), admin.NewUser{Name: "a b", Password: password})
		}, local.ErrInvalid},
		"bad address": {func() (admin.UserChange, error) {
			return h.SetUser(t.Context(), admin.UserEdit{Name: "anna", Email: &bad})
		}, local.ErrInvalid},
		"short password": {func() (admin.UserChange, error) {
			return h.SetPassword(t.Context(), admin.NewPassword{Name: "anna", Password: "short"})
		}, local.ErrInvalid},
		"disable nobody":  {func() (admin.UserChange, error) { return h.DisableUser(t.Context(), admin.UserName{Name: "carl"}) }, identity.ErrUnknown},
		"enable nobody":   {func() (admin.UserChange, error) { return h.EnableUser(t.Context(), admin.UserName{Name: "carl"}) }, identity.ErrUnknown},
		"unlock nobody":   {func() (admin.UserChange, error) { return h.UnlockUser(t.Context(), admin.UserName{Name: "carl"}) }, identity.ErrUnknown},
		"remove no one's": {func() (admin.UserChange, error) { return h.RemoveUser(t.Context(), admin.UserRemoval{}) }, identity.ErrUnknown},
	} {
		change, err := test.do()
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", what, err, test.want)
		}
		if diff := cmp.Diff(admin.UserChange{}, change); diff != "" {
			t.Errorf("%s: got %+v, want nothing", what, change)
		}
	}
	h.audit.want(t)
}

// Attack 39 and 40: an answer, an error or a log that shows a password or a hash.
func TestAttack39AnswersHoldNoSecret(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	request := admin.NewPassword{Name: "anna", Password: "another secret phrase"}
	change, err := h.SetPassword(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.ListUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, taken := h.AddUser(t.Context(), admin.NewUser{Name: "anna", Password: "another secret phrase"})
	_, unfit := h.AddUser(t.Context(), admin.NewUser{Name: "bert", Password: "another secret phrase\x00"})
	answers, err := json.Marshal([]any{change, list, h.ListKeys(), h.ExportKeys(), h.audit.events, fmt.Sprint(taken), fmt.Sprint(unfit)})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret", "argon2id", `"d":`, `"private"`, `"p":`} {
		if strings.Contains(string(answers), secret) {
			t.Errorf("an answer shows %s: %s", secret, answers)
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(format, request); strings.Contains(text, "secret") || strings.Contains(text, "736563726574") {
			t.Errorf("%s shows the password: %s", format, text)
		}
	}
}

// A command sends the request to a running Caddy: the password must arrive.
func TestAPasswordTravelsInJSON(t *testing.T) {
	sent := admin.NewUser{Name: "anna", Password: password}
	data, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var got admin.NewUser
	if err := json.Unmarshal(data, &got); err != nil || got.Password != sent.Password {
		t.Errorf("the password did not arrive (%v)", err)
	}
}
