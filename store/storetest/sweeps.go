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

	same(t, "limit 0", sweep(t, s, 0), 0)
	same(t, "first", sweep(t, s, 5), 5)
	same(t, "second", sweep(t, s, 5), 4)
	same(t, "third", sweep(t, s, 5), 0)
	same(t, "live record", get(t, s, live), live)
	same(t, "record without limits", get(t, s, forever), forever)
	same(t, "live counter", add(t, s, "live", 0, 0), 1)
}

// A record whose end has moved is swept at its real end, not at the old one:
// touched, updated to live longer, to live shorter, for ever, and deleted.
func testSweepTouched(t *testing.T, s store.Store) {
	now := time.Now().Truncate(time.Millisecond)
	soon := now.Add(30 * time.Millisecond)
	idle := func() store.Record {
		r := record(now)
		r.Idle = time.Hour
		r.Seen = soon.Add(-time.Hour).UTC()
		return put(t, s, r)
	}
	touched, longer, forever, deleted := idle(), idle(), idle(), idle()
	shorter := put(t, s, record(now))

	touched.Seen = now.UTC()
	must(t, s.Touch(t.Context(), kind, map[store.ID]time.Time{touched.ID: now}))
	longer.Seen = now.UTC()
	longer = put(t, s, longer)
	forever.Expires, forever.Idle = time.Time{}, 0
	forever = put(t, s, forever)
	shorter.Expires = soon.UTC()
	shorter = put(t, s, shorter)
	must(t, s.Commit(t.Context(), store.Delete{Kind: kind, ID: deleted.ID}))

	eventually(t, "the first end is past", func() bool { return time.Now().After(soon.Add(time.Millisecond)) })
	same(t, "swept: the shorter one", sweep(t, s, 10), 1)
	for _, r := range []store.Record{touched, longer, forever} {
		same(t, "spared", get(t, s, r), r)
	}
	same(t, "swept again", sweep(t, s, 10), 0)

	// What was spared must still be found when its time has come.
	for _, r := range []store.Record{touched, longer, forever} {
		r.Expires = now.Add(-time.Second)
		put(t, s, r)
	}
	same(t, "swept at last", sweep(t, s, 10), 3)
}
