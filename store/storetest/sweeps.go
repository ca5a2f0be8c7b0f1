// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

func sweep(t testing.TB, s store.Store, limit int) int {
	t.Helper()
	n, err := s.Sweep(t.Context(), limit)
	must(t, err)
	return n
}

// Sweep removes what has expired, no more than it was asked to, and nothing else.
func testSweep(t *testing.T, s store.Store) {
	now := time.Now()
	live := put(t, s, record(now))
	forever := put(t, s, store.Record{Kind: kind, ID: store.NewID(now), Seen: store.RoundTime(now.Add(-time.Hour))})
	var changes []store.Change
	for i := range 8 {
		r := record(now)
		r.Expires = now.Add(-time.Duration(i+1) * time.Second)
		changes = append(changes, store.Put{Record: r})
	}
	must(t, s.Commit(t.Context(), changes...))
	add(t, s, "live", 1, time.Hour)
	add(t, s, "short", 1, time.Millisecond)
	eventually(t, "the counter's window is over", func() bool { return add(t, s, "short", 0, 0) == 0 })
	over := time.Now()
	eventually(t, "it is over in whole milliseconds, too", func() bool { return time.Since(over) >= time.Millisecond })

	same(t, "limit 0", sweep(t, s, 0), 0)
	same(t, "first", sweep(t, s, 5), 5)
	same(t, "second", sweep(t, s, 5), 4)
	same(t, "third", sweep(t, s, 5), 0)
	same(t, "live record", get(t, s, live), live)
	same(t, "record without limits", get(t, s, forever), forever)
	same(t, "live counter", add(t, s, "live", 0, 0), 1)
}
