// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// TestRoomIsMade: memory holds what it may and no more. What a request runs under,
// and what is not written yet, stays; what has left is found again, as it was.
func TestRoomIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const capacity = 100
		h := openWith(t, live.Options{Capacity: capacity})
		var tokens []session.Token
		for range 3 * capacity {
			tokens = append(tokens, h.login("u-1"))
		}
		tied, _ := h.mustFind(tokens[0])
		tie, _ := tied.Tie(t.Context())
		defer tie.Release()
		time.Sleep(2 * time.Second)
		gone, _ := h.mustFind(tokens[1])
		time.Sleep(2 * time.Second)
		for i, token := range tokens {
			h.mustFind(token)
			time.Sleep(20 * time.Millisecond)
			// What was used within the last second is not written yet, and a tenth
			// of the room more is waited for when none can be made.
			if h.Warm() > capacity+capacity/5 {
				t.Fatalf("after %d sessions %d are in memory", i+1, h.Warm())
			}
		}
		if again, _ := h.mustFind(tokens[0]); again != tied || tie.Err() != nil {
			t.Error("a session in use has left memory")
		}
		if _, ok := gone.Tie(t.Context()); ok {
			t.Error("a request is bound to a session that has left memory and would not be told of its end")
		}
		again, _ := h.mustFind(tokens[1])
		fresh, ok := again.Tie(t.Context())
		if !ok {
			t.Fatal("the session that was found again cannot be used")
		}
		defer fresh.Release()
		must(t, h.keeper.End(t.Context(), tokens[1].ID))
		if fresh.Err() == nil {
			t.Error("the end does not reach the session that was found again")
		}
	})
}

// TestRoomIsNotMadeOfWhatIsNotWritten: a session leaves memory only when its last
// use is in the store, neither before that nor while it is on its way there.
func TestRoomIsNotMadeOfWhatIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openWith(t, live.Options{Capacity: 1})
		token, others := h.login("u-1"), []session.Token{h.login("u-2"), h.login("u-3"), h.login("u-4")}
		time.Sleep(59 * time.Minute)
		writing := newHold()
		h.probe.holdTouch.Store(writing)
		s, _ := h.mustFind(token)
		h.mustFind(others[0])
		if again, _ := h.mustFind(token); again != s {
			t.Error("the session left memory before its use was written")
		}
		<-writing.reached
		h.mustFind(others[1])
		if h.probe.reads.Store(0); h.Warm() != 3 {
			t.Errorf("%d sessions in memory, want all three whose use is being written", h.Warm())
		}
		if _, _, err := h.find(token); err != nil || h.probe.reads.Load() != 0 {
			t.Error("the session left memory while its use was being written")
		}
		close(writing.release)
		time.Sleep(5 * time.Second)
		h.mustFind(others[2])
		if h.Warm() > 2 {
			t.Errorf("%d sessions in memory, though all others could leave", h.Warm())
		}
	})
}

// TestNewcomerIsNotTheRoom: of all sessions the one that was just looked up may be
// the one that was not used for longest. It stays: its request is about to begin.
func TestNewcomerIsNotTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openWith(t, live.Options{Capacity: 1})
		old := h.login("u-1")
		time.Sleep(30 * time.Minute)
		h.mustFind(h.login("u-2"))
		time.Sleep(2 * time.Second)
		s, _ := h.mustFind(old)
		tie, ok := s.Tie(t.Context())
		if !ok {
			t.Fatal("the session left memory before its request began")
		}
		tie.Release()
	})
}
