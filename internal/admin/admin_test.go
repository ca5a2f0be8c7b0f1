// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const password = "correct horse battery"

// house is what an operator stands before, over a store in memory.
type house struct {
	*admin.Admin
	store    store.Store
	sessions *session.Keeper
	audit    *record
	// refuse, when set, is why sessions cannot be ended.
	refuse error
}

func open(t *testing.T) *house {
	t.Helper()
	s := memstore.New()
	t.Cleanup(func() { s.Close() })
	ring, err := keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{store: s, sessions: &session.Keeper{Store: s}, audit: &record{}}
	h.Admin = &admin.Admin{
		Users:    local.New(s, blind, local.Options{Argon: local.Params{Memory: 8, Time: 1, Threads: 1}}),
		Throttle: throttle.New(s, blind, throttle.Limits{}),
		Keys:     ring,
		EndSessions: func(ctx context.Context, userID, _ string) (int, error) {
			if h.refuse != nil {
				return 0, h.refuse
			}
			return h.sessions.EndAll(ctx, userID, store.ID{})
		},
		Audit: h.audit,
	}
	return h
}

func blind(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// addAnna makes a user who has two sessions, and forgets that it did.
func (h *house) addAnna(t *testing.T) admin.User {
	t.Helper()
	change, err := h.AddUser(t.Context(), admin.NewUser{
		Name: "Anna", FullName: "Anna Ölander", Email: "anna@example.com", Groups: []string{"staff"}, Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.signIn(t, change.User.ID)
	h.signIn(t, change.User.ID)
	h.audit.events = nil
	return change.User
}

func (h *house) signIn(t *testing.T, userID string) {
	t.Helper()
	login := session.Login{
		UserID: userID, AMR: []string{"pwd"}, Origin: "https://login.example.com",
		Limits: session.Limits{Idle: time.Hour, Lifetime: time.Hour},
	}
	if _, _, err := h.sessions.Start(t.Context(), login, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// live returns how many sessions a user has.
func (h *house) live(t *testing.T, userID string) (n int) {
	t.Helper()
	for _, err := range h.store.List(t.Context(), session.Kind, store.Filter{Owner: userID}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// record keeps events.
type record struct {
	mu     sync.Mutex
	events []audit.Event
}

func (r *record) Record(e audit.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// want compares what was recorded.
func (r *record) want(t *testing.T, want ...audit.Event) {
	t.Helper()
	if diff := cmp.Diff(want, r.events, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("other events were recorded:\n%s", diff)
	}
}
