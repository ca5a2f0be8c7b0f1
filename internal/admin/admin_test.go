// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const password = "correct horse battery"

// house is what an operator stands before, over a store in memory.
type house struct {
	store.Store
	*admin.Admin
	sessions *session.Keeper
	audit    *record
	// refuse, when set, is why sessions cannot be ended.
	refuse error
}

// Commit stands between the memory and the store.
func (h *house) Commit(ctx context.Context, changes ...store.Change) error {
	for _, c := range changes {
		if d, ok := c.(store.Delete); ok && d.Kind == session.Kind && h.refuse != nil {
			return h.refuse
		}
	}
	return h.Store.Commit(ctx, changes...)
}

func open(t *testing.T) *house {
	t.Helper()
	s := memstore.New()
	h := &house{Store: s, audit: &record{}}
	memory := live.New(h, live.Options{})
	t.Cleanup(func() { memory.Close() })
	h.sessions = &session.Keeper{Store: memory}
	ring, err := keyring.Open(t.Context(), memory, keyring.Schedule{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	h.Admin = &admin.Admin{
		Users:    local.New(memory, blind, local.Options{Argon: local.Params{Memory: 8, Time: 1, Threads: 1}}),
		Throttle: throttle.New(memory, blind, throttle.Limits{}),
		Tokens:   &accesstoken.Keeper{Store: memory},
		Keys:     ring,
		Live:     memory,
		Limits:   session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
		Apps:     apps(t),
		Audit:    h.audit,
	}
	return h
}

// apps are a wiki that the group staff may use, but for its admin pages, and another.
func apps(t *testing.T) []admin.App {
	t.Helper()
	rules, err := policy.Compile(policy.Rules{Public: []string{"/healthz"}, Rules: []policy.Rule{
		{Groups: []string{"staff"}, Source: "Caddyfile:3"}, {Deny: true, Paths: []string{"/admin/*"}, Source: "Caddyfile:4"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	open, err := policy.Compile(policy.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(name, host string) handoff.Targets {
		return handoff.Targets{{App: name, Base: &url.URL{Scheme: "https", Host: host}}}
	}
	return []admin.App{
		{Name: "wiki", Targets: at("wiki", "wiki.example.com"), Policy: rules},
		{Name: "tickets", Targets: at("tickets", "tickets.example.com"), Policy: open},
	}
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
	for _, err := range h.List(t.Context(), session.Kind, store.Filter{Owner: userID}) {
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
