// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

func add(t testing.TB, s store.Store, name string, n int, window time.Duration) int {
	t.Helper()
	sum, err := s.Add(t.Context(), name, n, window)
	must(t, err)
	return sum
}

// Counters add up, each by itself; asking makes none.
func testCounters(t *testing.T, s store.Store) {
	same(t, "unknown", add(t, s, "a", 0, time.Hour), 0)
	same(t, "first", add(t, s, "a", 2, time.Hour), 2)
	same(t, "second", add(t, s, "a", 3, time.Hour), 5)
	same(t, "less", add(t, s, "a", -1, time.Hour), 4)
	same(t, "another", add(t, s, "b", 1, time.Hour), 1)
	same(t, "asked", add(t, s, "a", 0, time.Hour), 4)
	same(t, "asked without a window", add(t, s, "a", 0, 0), 4)
	if _, err := s.Add(t.Context(), "c", 1, 0); err == nil {
		t.Error("a counter without a window was made")
	}
	if _, err := s.Add(t.Context(), "", 1, time.Hour); err == nil {
		t.Error("a counter without a name was made")
	}
}

// A window begins with the first Add, not with asking, and passes.
func testCounterWindow(t *testing.T, s store.Store) {
	const window = 30 * time.Millisecond
	add(t, s, "a", 0, window)
	begun := time.Now()
	add(t, s, "a", 1, window)
	eventually(t, "the window is over", func() bool { return add(t, s, "a", 0, time.Hour) == 0 })
	if took := time.Since(begun); took < window {
		t.Errorf("counter was gone after %v, window %v", took, window)
	}
	same(t, "after the window", add(t, s, "a", 7, time.Hour), 7)
}

// No Add is lost, and no two get the same sum.
func testCounterParallel(t *testing.T, s store.Store) {
	const n = 64
	sums := make(chan int, n)
	parallel(n, func() {
		sum, err := s.Add(t.Context(), "a", 1, time.Hour)
		if err != nil {
			t.Errorf("add: %v", err)
		}
		sums <- sum
	})
	close(sums)
	seen := make(map[int]bool)
	for sum := range sums {
		seen[sum] = true
	}
	same(t, "different sums", len(seen), n)
	same(t, "sum", add(t, s, "a", 0, 0), n)
}
