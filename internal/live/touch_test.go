// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// stored returns when the store last saw the session.
func (h *house) stored(token session.Token) time.Time {
	h.t.Helper()
	r, err := h.probe.Get(h.t.Context(), session.Kind, token.ID)
	must(h.t, err)
	return r.Seen
}

// TestUsesAreWrittenInBatches: any number of requests under any number of sessions
// are one write, a second later at most, and none when nobody comes.
func TestUsesAreWrittenInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		tokens := []session.Token{h.login("u-1"), h.login("u-2"), h.login("u-3")}
		for batch := range int64(3) {
			time.Sleep(10 * time.Minute)
			if got := h.probe.touches.Load(); got != batch {
				t.Fatalf("%d writes, want %d", got, batch)
			}
			var last time.Time
			for range 9 {
				time.Sleep(100 * time.Millisecond)
				last = time.Now()
				for _, token := range tokens {
					h.mustFind(token)
				}
			}
			time.Sleep(200 * time.Millisecond)
			synctest.Wait()
			for _, token := range tokens {
				if got := h.stored(token); !got.Equal(last.Truncate(time.Millisecond)) {
					t.Errorf("stored %v, want %v", got, last)
				}
			}
		}
		if got := h.probe.touches.Load(); got != 3 {
			t.Errorf("%d writes, want 3", got)
		}
	})
}

// TestUseIsNeverTakenBack: requests whose clocks differ leave the latest (threat 51).
func TestUseIsNeverTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		token := h.login("u-1")
		now := time.Now()
		for _, at := range []time.Duration{0, 40 * time.Second, -time.Minute, 20 * time.Second} {
			if _, _, err := h.Find(t.Context(), token, portal, limits, now.Add(at)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second)
		if got, want := h.stored(token), now.Add(40*time.Second); !got.Equal(want) {
			t.Errorf("stored %v, want %v", got, want)
		}
	})
}

// TestCloseWritesUses: a stop costs nobody a second of their session.
func TestCloseWritesUses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.probe.keep.Store(true)
		token := h.login("u-1")
		time.Sleep(time.Minute)
		h.mustFind(token)
		now := time.Now()
		must(t, h.Close())
		if got := h.stored(token); !got.Equal(now) {
			t.Errorf("stored %v, want %v", got, now)
		}
	})
}

// TestSweepSparesWhoIsHere: a session in use is not swept because its use is not
// written yet, not even when for a moment it cannot be.
func TestSweepSparesWhoIsHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		token, idle := h.login("u-1"), h.login("u-2")
		h.mustFind(token)
		time.Sleep(59*time.Minute + 59*time.Second)
		h.probe.Break(store.ErrFull)
		h.mustFind(token)
		time.Sleep(30 * time.Second)
		if n, err := h.Sweep(t.Context(), 100); n != 0 || !errors.Is(err, store.ErrFull) {
			t.Errorf("swept %d, %v, with uses that are not written", n, err)
		}
		h.probe.Break(nil)
		used := time.Now().Add(-30 * time.Second)
		if n, err := h.Sweep(t.Context(), 100); n != 0 || err != nil {
			t.Errorf("swept %d, %v; want none, none is over", n, err)
		}
		if got := h.stored(token); !got.Equal(used) {
			t.Errorf("swept before the use was written: stored %v, want %v", got, used)
		}
		h.mustFind(token)
		time.Sleep(session.Grace)
		if n, err := h.Sweep(t.Context(), 100); n != 1 || err != nil {
			t.Errorf("swept %d, %v; want the one that nobody used", n, err)
		}
		h.refused("idle", idle)
		h.stored(token)
	})
}

// TestUsesDuringAnOutageAreNotLost: the store could not be written to for a while,
// and nobody who was here in that time is idle afterwards (threat 20).
func TestUsesDuringAnOutageAreNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		token := h.login("u-1")
		time.Sleep(50 * time.Minute)
		h.probe.Break(store.ErrUnavailable)
		h.mustFind(token)
		used := time.Now()
		time.Sleep(5 * time.Minute)
		if h.complaints("last-seen") == 0 {
			t.Error("nobody was told")
		}
		h.probe.Break(nil)
		time.Sleep(11 * time.Second)
		if got := h.stored(token); !got.Equal(used) {
			t.Errorf("stored %v, want %v", got, used)
		}
		time.Sleep(40 * time.Minute)
		n, err := h.Sweep(t.Context(), 100)
		must(t, err)
		if n != 0 {
			t.Error("a session that was used half an hour ago was swept")
		}
		h.mustFind(token)
	})
}

// TestHandOffCountsInMemory: a use that only the store was told of, by a hand-off, is
// known to memory as well.
func TestHandOffCountsInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		token := h.login("u-1")
		s, _ := h.mustFind(token)
		time.Sleep(30 * time.Minute)
		spend := store.NewID(time.Now())
		must(t, h.Commit(t.Context(), store.Put{Record: store.Record{Kind: "voucher", ID: spend}}))
		_, err := h.keeper.Attach(t.Context(), token.ID, wiki, store.Delete{Kind: "voucher", ID: spend}, time.Now())
		must(t, err)
		if !s.Seen().Equal(time.Now()) {
			t.Errorf("last seen %v, want now", s.Seen())
		}
	})
}
