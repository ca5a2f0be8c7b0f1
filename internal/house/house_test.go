// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package house_test

import (
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/house"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

const (
	origin   = "https://login.example.com"
	password = "correct horse battery"
)

func newKey(t *testing.T) *seal.Key {
	t.Helper()
	raw := make([]byte, 32)
	rand.Read(raw)
	key, err := seal.NewKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func openFile(t *testing.T, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// options are those of a house whose passwords are cheap.
func options(key *seal.Key) house.Options {
	return house.Options{
		Seal:   key,
		Users:  local.Options{Argon: local.Params{Memory: 8, Time: 1, Threads: 1}},
		Logger: zap.NewNop(),
	}
}

// open opens a house that the test closes.
func open(t *testing.T, s store.Store, o house.Options) *house.House {
	t.Helper()
	h, err := house.Open(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func shut(t *testing.T, h *house.House) {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Errorf("closing the house: %v", err)
	}
}

func add(t *testing.T, h *house.House, name string) *identity.User {
	t.Helper()
	u, err := h.Users.Add(t.Context(), local.NewUser{Name: name, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Users, sessions and keys survive the end of one house and the beginning of the
// next over the same file.
func TestEverythingSurvivesAReopening(t *testing.T) {
	path, key := filepath.Join(t.TempDir(), "gatehouse.db"), newKey(t)
	h := open(t, openFile(t, path), options(key))
	anna := add(t, h, "anna")
	_, token, err := h.Sessions.Start(t.Context(), session.Login{UserID: anna.ID, Origin: origin}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ring, err := h.Ring(ctx, keyring.Schedule{})
	if err != nil {
		t.Fatal(err)
	}
	kid := ring.Current(keyring.ES256)
	cancel()
	shut(t, h)

	h = open(t, openFile(t, path), options(key))
	defer shut(t, h)
	if _, user, err := h.Live.Find(t.Context(), token, origin, session.Limits{}, time.Now()); err != nil || user.ID != anna.ID {
		t.Errorf("the session is of %v: %v", user, err)
	}
	if _, err := h.Users.Authenticate(t.Context(), "anna", password); err != nil {
		t.Errorf("the password: %v", err)
	}
	ring, err = h.Ring(t.Context(), keyring.Schedule{})
	if err != nil || ring.Current(keyring.ES256) != kid {
		t.Errorf("the key is another: %v", err)
	}
}

// With another key the store is refused, whole and still open, and nothing of the
// house is left behind.
func TestWrongKeyIsRefused(t *testing.T) {
	path, key := filepath.Join(t.TempDir(), "gatehouse.db"), newKey(t)
	h := open(t, openFile(t, path), options(key))
	add(t, h, "anna")
	shut(t, h)

	file := openFile(t, path)
	if _, err := house.Open(t.Context(), file, options(newKey(t))); !errors.Is(err, seal.ErrWrongKey) {
		t.Fatalf("error %v, want ErrWrongKey", err)
	}
	if err := file.Healthy(t.Context()); err != nil {
		t.Errorf("the store after it: %v", err)
	}
	h = open(t, file, options(key))
	defer shut(t, h)
	if _, err := h.Users.ByName(t.Context(), "anna"); err != nil {
		t.Errorf("anna: %v", err)
	}
}

// A copy of the file shows no name, no password and no agent.
func TestFileShowsNothing(t *testing.T) {
	raw := memstore.New()
	h := open(t, raw, options(newKey(t)))
	defer shut(t, h)
	anna := add(t, h, "anna-with-a-name")
	if _, _, err := h.Sessions.Start(t.Context(), session.Login{UserID: anna.ID, Origin: origin, Agent: "an-agent", Address: "192.0.2.1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for d, err := range raw.Documents(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(d.Name + string(d.Data))
	}
	for r, err := range raw.List(t.Context(), session.Kind, store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		text.Write(r.Payload)
	}
	for _, secret := range []string{"anna-with-a-name", "argon2", "an-agent", "192.0.2.1", password} {
		if strings.Contains(text.String(), secret) {
			t.Errorf("the store shows %q", secret)
		}
	}
}

// That users exist is noted once: with the first one, before whoever made them is
// answered, or when the house opens over a store that has some.
func TestFirstUserIsNotedOnce(t *testing.T) {
	raw, key := memstore.New(), newKey(t)
	var calls atomic.Int64
	o := options(key)
	o.FirstUser = func() error { calls.Add(1); return nil }
	h := open(t, keep{raw}, o)
	if calls.Load() != 0 {
		t.Error("noted without a user")
	}
	if _, err := h.Ring(t.Context(), keyring.Schedule{}); err != nil || calls.Load() != 0 {
		t.Errorf("keys count as users: %v", err)
	}
	add(t, h, "anna")
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls after the first user, want 1", n)
	}
	add(t, h, "bert")
	if _, err := h.Users.Disable(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls later, want 1", n)
	}
	shut(t, h)

	h = open(t, raw, o)
	defer shut(t, h)
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls after a reopening, want 2", n)
	}
}

// A first account that could not be stored leaves no note: a store that has never
// had a user must not count as lost. What could not be noted is noted later.
func TestFirstUserIsNotedWhenThereIsOne(t *testing.T) {
	disk := &storetest.Failing{Store: memstore.New()}
	o := options(newKey(t))
	var calls atomic.Int64
	var broken atomic.Bool
	o.FirstUser = func() error {
		calls.Add(1)
		if broken.Load() {
			return errors.New("no space left on the device")
		}
		return nil
	}
	h := open(t, disk, o)
	defer shut(t, h)
	disk.Break(store.ErrFull)
	if _, err := h.Users.Add(t.Context(), local.NewUser{Name: "anna", Password: password}); err == nil {
		t.Fatal("a full store took a user")
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls for a user who does not exist", n)
	}
	disk.Break(nil)
	broken.Store(true)
	add(t, h, "anna")
	broken.Store(false)
	add(t, h, "bert")
	add(t, h, "carl")
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls, want the one that failed and another", n)
	}
}

// What has expired is removed by and by, however much it is, and what lives stays.
func TestSweeperRemovesWhatHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := memstore.New()
		h := open(t, raw, options(newKey(t)))
		defer shut(t, h)
		anna := add(t, h, "anna")
		short := session.Login{UserID: anna.ID, Origin: origin, Limits: session.Limits{Lifetime: time.Minute}}
		var over *session.Session
		for range 1200 {
			var err error
			if over, _, err = h.Sessions.Start(t.Context(), short, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		_, token, err := h.Sessions.Start(t.Context(), session.Login{UserID: anna.ID, Origin: origin}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(session.Grace + 3*time.Minute)
		synctest.Wait()
		if _, err := raw.Get(t.Context(), session.Kind, over.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the last that has expired: %v", err)
		}
		if n, err := raw.Sweep(t.Context(), 10_000); n != 0 || err != nil {
			t.Errorf("the sweeper has left %d: %v", n, err)
		}
		if _, _, err := h.Live.Find(t.Context(), token, origin, session.Limits{}, time.Now()); err != nil {
			t.Errorf("the session that lives: %v", err)
		}
	})
}

// A rotation by one configuration's ring is taken over by the rings of all others,
// also when they all rotate at once: nobody waits for a ring that waits for them.
func TestRingsFollowEachOther(t *testing.T) {
	h := open(t, memstore.New(), options(newKey(t)))
	defer shut(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var rings []*keyring.Ring
	for range 3 {
		ring, err := h.Ring(ctx, keyring.Schedule{})
		if err != nil {
			t.Fatal(err)
		}
		rings = append(rings, ring)
	}
	done := make(chan error)
	for _, ring := range rings {
		go func() {
			for range 5 {
				if err := ring.Rotate(ctx); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range rings {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	same := func() bool {
		return rings[0].Current(keyring.ES256) == rings[1].Current(keyring.ES256) && rings[1].Current(keyring.ES256) == rings[2].Current(keyring.ES256)
	}
	for deadline := time.Now().Add(10 * time.Second); !same(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the rings sign with different keys")
		}
	}
}

// A ring is maintained: keys rotate when they are due, in a house where nobody asks
// for it, and no more once its configuration has ended.
func TestRingIsMaintainedWhileItsConfigurationLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, memstore.New(), options(newKey(t)))
		defer shut(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		ring, err := h.Ring(ctx, keyring.Schedule{}, keyring.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		first := ring.Current(keyring.EdDSA)
		time.Sleep(31 * 24 * time.Hour)
		second := ring.Current(keyring.EdDSA)
		if second == first || second == "" || ring.Healthy(time.Now()) != nil {
			t.Errorf("the key is still %q", first)
		}
		cancel()
		synctest.Wait()
		time.Sleep(60 * 24 * time.Hour)
		if ring.Current(keyring.EdDSA) != second {
			t.Error("a ring whose configuration has ended goes on")
		}
	})
}

// A house can be closed while a configuration still holds a ring, in whichever
// order things are let go, and nothing of it runs on (threat 38). The bubble fails
// the test when a goroutine is left.
func TestNothingIsLeftAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		h := open(t, memstore.New(), options(newKey(t)))
		for range 3 {
			if _, err := h.Ring(ctx, keyring.Schedule{}); err != nil {
				t.Fatal(err)
			}
		}
		add(t, h, "anna")
		shut(t, h)
		synctest.Wait()
		if _, err := h.Users.ByName(ctx, "anna"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("a closed house answers: %v", err)
		}
	})
}

// An open that fails leaves nothing behind either, and the store open.
func TestNothingIsLeftAfterAFailedOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw, key := memstore.New(), newKey(t)
		h := open(t, keep{raw}, options(key))
		add(t, h, "anna")
		shut(t, h)
		if _, err := house.Open(t.Context(), unreadable{raw}, options(key)); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error %v", err)
		}
		shut(t, open(t, raw, options(key)))
	})
}

// A hundred openings and closings over one file leave no goroutine (threat 38).
func TestOpeningAndClosingLeavesNothing(t *testing.T) {
	path, key := filepath.Join(t.TempDir(), "gatehouse.db"), newKey(t)
	round := func() {
		h := open(t, openFile(t, path), options(key))
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := h.Ring(ctx, keyring.Schedule{}); err != nil {
			t.Fatal(err)
		}
		cancel()
		shut(t, h)
	}
	round()
	before := runtime.NumGoroutine()
	for range 100 {
		round()
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// The house answers for its store.
func TestHealthAndStats(t *testing.T) {
	disk := &storetest.Failing{Store: memstore.New()}
	h := open(t, disk, options(newKey(t)))
	defer shut(t, h)
	if err := h.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
	disk.Break(store.ErrFull)
	if err := h.Healthy(t.Context()); !errors.Is(err, store.ErrFull) {
		t.Errorf("error %v", err)
	}
	disk.Break(nil)

	other := open(t, memstore.New(), options(newKey(t)))
	defer shut(t, other)
	before := other.Stats().Writes
	add(t, other, "anna")
	if after := other.Stats().Writes; after <= before {
		t.Errorf("%d writes, then %d", before, after)
	}
}

// What is over is not counted, though the store keeps it for a while.
func TestCountLeavesOutWhatIsOver(t *testing.T) {
	h := open(t, openFile(t, filepath.Join(t.TempDir(), "gatehouse.db")), options(newKey(t)))
	defer shut(t, h)
	for _, ago := range []time.Duration{0, 59 * time.Minute, 61 * time.Minute, 23 * time.Hour} {
		login := session.Login{UserID: "anna", Origin: origin, Limits: session.Limits{Idle: time.Hour}}
		if _, _, err := h.Sessions.Start(t.Context(), login, time.Now().Add(-ago)); err != nil {
			t.Fatal(err)
		}
	}
	if n, known := h.Count(t.Context()); n != 2 || !known {
		t.Errorf("%d sessions, known %v, want 2", n, known)
	}
}

// keep is a store that outlives its house.
type keep struct{ store.Store }

func (keep) Close() error { return nil }

// unreadable is a store whose users cannot be read.
type unreadable struct{ store.Store }

func (unreadable) Documents(context.Context, string) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) { yield(store.Document{}, store.ErrUnavailable) }
}
