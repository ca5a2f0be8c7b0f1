// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

const (
	portal = "https://login.example.com"
	wiki   = "https://wiki.example.com"
)

var limits = session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour}

// house is a Live with its store below, its keeper above, and its people in
// documents of the store.
type house struct {
	*live.Live
	t      testing.TB
	probe  *probe
	keeper *session.Keeper

	mu     sync.Mutex
	errors []error
}

func open(t testing.TB) *house { return openWith(t, live.Options{}) }

func openWith(t testing.TB, o live.Options) *house {
	h := &house{t: t, probe: &probe{Failing: storetest.Failing{Store: memstore.New()}}}
	if o.User == nil {
		o.User = h.user
	}
	o.UserOf = func(document string) (string, bool) { return strings.CutPrefix(document, "user/") }
	o.OnError = func(err error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.errors = append(h.errors, err)
	}
	h.Live = live.New(h.probe, o)
	h.keeper = &session.Keeper{Store: h.Live}
	t.Cleanup(func() { h.Close() })
	return h
}

// user reads a person from the store.
func (h *house) user(ctx context.Context, id string) (*identity.User, error) {
	d, err := h.probe.Document(ctx, "user/"+id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, identity.ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", identity.ErrUnavailable, err)
	}
	u := &identity.User{}
	if err := json.Unmarshal(d.Data, u); err != nil {
		return nil, err
	}
	u.Version = d.Version
	return u, nil
}

// save writes a person through s, whatever is stored.
func save(t testing.TB, s store.Store, u identity.User) {
	t.Helper()
	data, err := json.Marshal(u)
	if err != nil {
		t.Fatal(err)
	}
	d := store.Document{Name: "user/" + u.ID, Data: data}
	if old, err := s.Document(t.Context(), d.Name); err == nil {
		d.Version = old.Version
	}
	if err := s.Commit(t.Context(), store.PutDocument{Document: d}); err != nil {
		t.Fatal(err)
	}
}

// login makes the person known and signs them in.
func (h *house) login(id string) session.Token {
	h.t.Helper()
	if _, err := h.probe.Document(h.t.Context(), "user/"+id); err != nil {
		save(h.t, h.Live, identity.User{ID: id, Name: id})
	}
	return h.start(session.Login{UserID: id, Origin: portal, Limits: limits})
}

func (h *house) start(l session.Login) session.Token {
	h.t.Helper()
	_, token, err := h.keeper.Start(h.t.Context(), l, time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

func (h *house) find(token session.Token) (*live.Session, *identity.User, error) {
	return h.Find(context.Background(), token, portal, limits, time.Now())
}

func (h *house) mustFind(token session.Token) (*live.Session, *identity.User) {
	h.t.Helper()
	s, user, err := h.find(token)
	if err != nil {
		h.t.Fatalf("a good token was refused: %v", err)
	}
	return s, user
}

// refused reports a token that is not turned away as that of no session.
func (h *house) refused(what string, token session.Token) {
	h.t.Helper()
	if _, _, err := h.find(token); !errors.Is(err, session.ErrNone) {
		h.t.Errorf("%s: got %v, want ErrNone", what, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestContract: Live is a store, above which every other room stands.
func TestContract(t *testing.T) {
	opened := func(t *testing.T) store.Store {
		l := live.New(memstore.New(), live.Options{})
		t.Cleanup(func() { l.Close() })
		return l
	}
	storetest.Run(t, opened)
	storetest.RunClock(t, opened)
}

// TestWarmRequestAsksNoStore: once a session and its user are known, a request
// costs the store nothing.
func TestWarmRequestAsksNoStore(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	h.mustFind(token)
	reads, writes := h.probe.reads.Load(), h.probe.writes.Load()
	for range 1000 {
		if _, user := h.mustFind(token); user.ID != "u-1" {
			t.Fatalf("found %q", user.ID)
		}
	}
	if h.probe.reads.Load() != reads || h.probe.writes.Load() != writes {
		t.Errorf("1000 warm requests made %d reads and %d writes", h.probe.reads.Load()-reads, h.probe.writes.Load()-writes)
	}
}

// TestAnonymousRequestsWriteNothing: neither requests without a session nor those
// with an invented one leave anything behind, in the store or in memory (threat 18).
func TestAnonymousRequestsWriteNothing(t *testing.T) {
	h := open(t)
	meter := h.probe.Failing.Store.(store.Meter)
	before := meter.Stats()
	now := time.Now()
	for range 100_000 {
		h.refused("an invented token", session.NewToken(store.NewID(now)))
	}
	reads := h.probe.reads.Load()
	for range 100_000 {
		h.refused("a nonce", session.NewNonce())
	}
	if h.probe.reads.Load() != reads {
		t.Error("a nonce, which opens nothing, is looked up in the store")
	}
	if after := meter.Stats(); after != before {
		t.Errorf("the store wrote: %+v, before %+v", after, before)
	}
	if h.Warm() != 0 || len(h.Ending()) != 0 {
		t.Errorf("%d sessions in memory, %d ending", h.Warm(), len(h.Ending()))
	}
}

// TestCopiedSelector: the selector is in lists and logs. It opens nothing, neither
// cold nor warm, neither here nor at another host, and is not a use.
func TestCopiedSelector(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	for _, state := range []string{"cold", "warm"} {
		h.refused(state+" selector without secret", session.Token{ID: token.ID})
		h.refused(state+" selector with a wrong secret", session.NewToken(token.ID))
		if _, _, err := h.Find(t.Context(), token, wiki, limits, time.Now()); !errors.Is(err, session.ErrNone) {
			t.Errorf("%s token at another host: %v, want ErrNone", state, err)
		}
		h.mustFind(token)
	}
	s, _ := h.mustFind(token)
	seen := s.Seen()
	if _, _, err := h.Find(t.Context(), session.NewToken(token.ID), portal, limits, seen.Add(time.Minute)); !errors.Is(err, session.ErrNone) {
		t.Error(err)
	}
	if !s.Seen().Equal(seen) {
		t.Error("a refused request kept the session alive")
	}
}

// TestAttachedHostIsWarmAtOnce: a token that a hand-off gave for another host opens
// the session that is in memory already.
func TestAttachedHostIsWarmAtOnce(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	s, _ := h.mustFind(token)
	spend := store.NewID(time.Now())
	must(t, h.Commit(t.Context(), store.Put{Record: store.Record{Kind: "voucher", ID: spend}}))
	grant, err := h.keeper.Attach(t.Context(), token.ID, wiki, store.Delete{Kind: "voucher", ID: spend}, time.Now())
	must(t, err)
	again, _, err := h.Find(t.Context(), grant.Token, wiki, limits, time.Now())
	must(t, err)
	if again != s || again.State().Version != 2 {
		t.Errorf("version %d of the session, want 2 of the one in memory", again.State().Version)
	}
	h.mustFind(token)
}

// TestLimitsCountInMemory: idle and lifetime end a warm session at the moment they
// name, and configured limits count from the next request on.
func TestLimitsCountInMemory(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	start := time.Now()
	at := func(after time.Duration, l session.Limits) error {
		_, _, err := h.Find(t.Context(), token, portal, l, start.Add(after))
		return err
	}
	for used := 50 * time.Minute; used < 12*time.Hour; used += 50 * time.Minute {
		must(t, at(used, limits))
	}
	last := 11*time.Hour + 40*time.Minute
	if err := at(last+5*time.Minute, session.Limits{Idle: 5 * time.Minute}); !errors.Is(err, session.ErrNone) {
		t.Errorf("a stricter configured limit does not count: %v", err)
	}
	must(t, at(last+5*time.Minute, limits))
	if err := at(12*time.Hour, session.Limits{}); !errors.Is(err, session.ErrNone) {
		t.Errorf("lives on after its lifetime: %v", err)
	}
}

// TestFailingStoreLetsNobodyIn: a store that cannot answer is neither a session nor
// none: the request fails, and the cookie is kept (threat 20).
func TestFailingStoreLetsNobodyIn(t *testing.T) {
	h := open(t)
	cold, warm := h.login("u-1"), h.login("u-2")
	h.mustFind(warm)
	h.probe.Failing.Store.Close()
	if s, user, err := h.find(cold); s != nil || user != nil || err == nil || errors.Is(err, session.ErrNone) || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a session that cannot be looked up: %v, %v, %v", s, user, err)
	}
	if s, user, err := h.find(session.NewToken(cold.ID)); s != nil || user != nil || !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("an invented token: %v, %v, %v", s, user, err)
	}
	h.mustFind(warm)
}

// TestFailingSourceLetsNobodyIn: the same for the place where people come from.
func TestFailingSourceLetsNobodyIn(t *testing.T) {
	down := true
	h := openWith(t, live.Options{User: func(context.Context, string) (*identity.User, error) {
		if down {
			return nil, identity.ErrUnavailable
		}
		return &identity.User{ID: "u-1"}, nil
	}})
	token := h.login("u-1")
	if s, user, err := h.find(token); s != nil || user != nil || !errors.Is(err, identity.ErrUnavailable) || errors.Is(err, session.ErrNone) {
		t.Errorf("got %v, %v, %v; want ErrUnavailable", s, user, err)
	}
	down = false
	h.mustFind(token)
}

// TestDamagedSessionLetsNobodyIn: what cannot be read is an error of the store, cold
// and when it replaces what is warm.
func TestDamagedSessionLetsNobodyIn(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	s, _ := h.mustFind(token)
	tie, ok := s.Tie(t.Context())
	if !ok {
		t.Fatal("no tie")
	}
	defer tie.Release()
	r, err := h.Get(t.Context(), session.Kind, token.ID)
	must(t, err)
	r.Payload = []byte("{")
	must(t, h.Commit(t.Context(), store.Put{Record: r}))
	if s, user, err := h.find(token); s != nil || user != nil || !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("got %v, %v, %v; want ErrCorrupt", s, user, err)
	}
	if tie.Err() == nil {
		t.Error("a request runs on under a session that cannot be read")
	}
}

// BenchmarkFind is what a warm request pays here: below 400 ns and no allocation.
func BenchmarkFind(b *testing.B) {
	h := open(b)
	token := h.login("u-1")
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := h.Find(ctx, token, portal, limits, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWarmFindAllocatesNothing holds the second half of it.
func TestWarmFindAllocatesNothing(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	h.mustFind(token)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { h.Find(ctx, token, portal, limits, time.Now()) }); n >= 1 {
		t.Errorf("%v allocations", n)
	}
}
