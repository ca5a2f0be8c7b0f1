// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
)

func (h *house) accessToken(t *testing.T, userID string) {
	t.Helper()
	_, _, err := h.Tokens.Make(t.Context(), accesstoken.Wish{UserID: userID, Name: "script", Apps: []string{"wiki"}, Lifetime: time.Hour}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
}

// A new password and the end of a user take their access tokens along; what only keeps
// the user out for a while keeps them, and no change of another user touches them.
func TestWhatRevokesAccessTokens(t *testing.T) {
	for what, test := range map[string]struct {
		change  func(h *house) (admin.UserChange, error)
		revoked int
	}{
		"password": {func(h *house) (admin.UserChange, error) {
			return h.SetPassword(t.Context(), admin.NewPassword{Name: "anna", Password: "another password"})
		}, 2},
		"remove": {func(h *house) (admin.UserChange, error) {
			return h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna"})
		}, 2},
		"disable": {func(h *house) (admin.UserChange, error) {
			return h.DisableUser(t.Context(), admin.UserName{Name: "anna"})
		}, 0},
		"unlock": {func(h *house) (admin.UserChange, error) {
			return h.UnlockUser(t.Context(), admin.UserName{Name: "anna"})
		}, 0},
	} {
		t.Run(what, func(t *testing.T) {
			h := open(t)
			anna := h.addAnna(t)
			h.accessToken(t, anna.ID)
			h.accessToken(t, anna.ID)
			bert, err := h.AddUser(t.Context(), admin.NewUser{Name: "bert", Password: password})
			if err != nil {
				t.Fatal(err)
			}
			h.accessToken(t, bert.User.ID)
			h.audit.events = nil
			change, err := test.change(h)
			if err != nil || change.TokensRevoked != test.revoked {
				t.Fatalf("%d revoked, %v", change.TokensRevoked, err)
			}
			left := func(id string) int {
				all, err := h.Tokens.ByUser(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				return len(all)
			}
			if left(anna.ID) != 2-test.revoked || left(bert.User.ID) != 1 {
				t.Errorf("anna has %d, bert has %d", left(anna.ID), left(bert.User.ID))
			}
			noted := 0
			for _, e := range h.audit.events {
				if e.Kind == audit.TokenRevoked {
					noted += e.Count
				}
			}
			if noted != test.revoked {
				t.Errorf("audit: %+v", h.audit.events)
			}
		})
	}
}

// A user who was removed and comes back as the same person has no tokens from before, not
// even those that could not be revoked then.
func TestARemovedUserComesBackWithoutAccessTokens(t *testing.T) {
	h := open(t)
	anna := h.addAnna(t)
	if _, err := h.RemoveUser(t.Context(), admin.UserRemoval{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	h.accessToken(t, anna.ID)
	if _, err := h.EnableUser(t.Context(), admin.UserName{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	if all, err := h.Tokens.ByUser(t.Context(), anna.ID); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
}
