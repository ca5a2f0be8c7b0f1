// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// Attack 50: a restored backup lets somebody in again. It brings back who the
// users are, and neither a session nor a key that signs.
func TestAttack50ARestoredBackupRevivesNothing(t *testing.T) {
	h := open(t)
	anna := h.addAnna(t)
	signed := kids(h.Keys)
	backup, restored := memstore.New(), memstore.New()
	about, err := admin.Backup(t.Context(), h.Live, backup, time.Now())
	if err != nil || about.Users != 1 {
		t.Fatalf("got %+v, %v", about, err)
	}
	if got, err := admin.Restore(t.Context(), backup, restored); err != nil || got != about {
		t.Fatalf("got %+v, %v, want %+v", got, err, about)
	}
	users := local.New(restored, blind, local.Options{})
	if user, err := users.ByName(t.Context(), "anna"); err != nil || user.ID != anna.ID {
		t.Errorf("the user is %+v, %v", user, err)
	}
	if _, err := users.Authenticate(t.Context(), "anna", password); err != nil {
		t.Errorf("the password: %v", err)
	}
	for _, s := range []store.Store{backup, restored} {
		for range s.List(t.Context(), session.Kind, store.Filter{}) {
			t.Error("a session came along")
		}
	}
	ring, err := keyring.Open(t.Context(), restored, keyring.Schedule{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range ring.Keys() {
		if key.State != keyring.Retired && slices.Contains(signed, key.KID) {
			t.Errorf("a key from before is %s", key.State)
		}
	}
}

func kids(ring *keyring.Ring) (all []string) {
	for _, key := range ring.Keys() {
		all = append(all, key.KID)
	}
	return all
}

// A store that is no backup, such as the copy of a live one, has sessions: it is
// not restored.
func TestAStoreIsNoBackup(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	if _, err := admin.Restore(t.Context(), h.Live, memstore.New()); !errors.Is(err, admin.ErrNoBackup) {
		t.Errorf("got %v", err)
	}
}
