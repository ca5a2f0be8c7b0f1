// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Attack 25: a flood of sign-ins takes all processors and all memory. Few hash,
// a bounded number waits, the others are refused at once.
func TestAttack25AFloodOfSignInsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(Params{Memory: 8, Time: 1, Threads: 1})
		leaves := fill(t, h)
		entered := make(chan struct{}, maxWaiting)
		for range maxWaiting {
			go func() {
				leave, err := h.turn(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				entered <- struct{}{}
				leave()
			}()
		}
		synctest.Wait()
		if _, err := h.turn(t.Context()); !errors.Is(err, identity.ErrBusy) {
			t.Errorf("one more than may wait: got %v, want ErrBusy", err)
		}
		if len(entered) != 0 {
			t.Errorf("%d hash beyond the limit", len(entered))
		}
		for _, leave := range leaves {
			leave()
		}
		synctest.Wait()
		if len(entered) != maxWaiting || h.waiting.Load() != 0 || len(h.slots) != 0 {
			t.Errorf("%d of %d had their turn, %d wait, %d hash", len(entered), maxWaiting, h.waiting.Load(), len(h.slots))
		}
	})
}

func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(Params{Memory: 8, Time: 1, Threads: 1})
		fill(t, h)
		if _, err := h.turn(t.Context()); !errors.Is(err, identity.ErrBusy) { // the bubble's clock runs while all wait
			t.Errorf("got %v, want ErrBusy", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := h.turn(ctx); !errors.Is(err, identity.ErrBusy) || !errors.Is(err, context.Canceled) {
			t.Errorf("whoever went away: got %v, want ErrBusy and Canceled", err)
		}
		if h.waiting.Load() != 0 {
			t.Errorf("%d still wait", h.waiting.Load())
		}
	})
}

// fill takes all slots.
func fill(t *testing.T, h *hasher) (leaves []func()) {
	for range cap(h.slots) {
		leave, err := h.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	return leaves
}

// One hash keeps a processor busy for each of its lanes.
func TestSlotsKeepAllProcessorsBusyAndNoMore(t *testing.T) {
	for processors, want := range map[int]int{1: 1, 2: 1, 4: 1, 5: 2, 8: 2, 64: 16} {
		if got := slots(Recommended(), processors); got != want {
			t.Errorf("%d processors: got %d, want %d", processors, got, want)
		}
	}
}

// What a sign-in costs on this machine.
func BenchmarkHash(b *testing.B) {
	h := newHasher(Recommended())
	b.ReportAllocs()
	for b.Loop() {
		h.hash([]byte("correct horse battery"))
	}
}
