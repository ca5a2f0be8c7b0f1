// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Alive until the last millisecond, gone at the moment itself.
func testClockExpires(t *testing.T, s store.Store) {
	r := record(time.Now())
	r.Idle = 0
	r = put(t, s, r)
	time.Sleep(time.Hour - time.Millisecond)
	get(t, s, r)
	time.Sleep(time.Millisecond)
	wantGone(t, s, r)
}

// Idle counts from the last touch; a touch one moment too late does not count.
func testClockIdle(t *testing.T, s store.Store) {
	r := record(time.Now())
	r.Expires = time.Time{}
	r = put(t, s, r)
	for range 100 {
		time.Sleep(r.Idle - time.Millisecond)
		must(t, s.Touch(t.Context(), kind, map[store.ID]time.Time{r.ID: time.Now()}))
		same(t, "swept", sweep(t, s, 10), 0)
		get(t, s, r)
	}
	time.Sleep(r.Idle)
	wantGone(t, s, r)
	must(t, s.Touch(t.Context(), kind, map[store.ID]time.Time{r.ID: time.Now()}))
	wantGone(t, s, r)
	same(t, "swept", sweep(t, s, 10), 1)
}

// Touching for ever does not keep a record beyond its lifetime.
func testClockEarlier(t *testing.T, s store.Store) {
	r := put(t, s, record(time.Now()))
	for range 3 {
		time.Sleep(20*time.Minute - time.Millisecond)
		must(t, s.Touch(t.Context(), kind, map[store.ID]time.Time{r.ID: time.Now()}))
	}
	get(t, s, r)
	time.Sleep(3 * time.Millisecond)
	wantGone(t, s, r)
}

// A counter is there until its window has passed, to the nanosecond.
func testClockCounter(t *testing.T, s store.Store) {
	add(t, s, "a", 1, time.Minute)
	time.Sleep(time.Minute - time.Nanosecond)
	same(t, "within the window", add(t, s, "a", 1, time.Hour), 2) // does not prolong it
	same(t, "swept", sweep(t, s, 10), 0)
	time.Sleep(time.Nanosecond)
	same(t, "after the window", add(t, s, "a", 0, time.Minute), 0)
	same(t, "a new window", add(t, s, "a", 1, time.Minute), 1)
	time.Sleep(time.Minute)
	same(t, "swept", sweep(t, s, 10), 1)
	same(t, "after the sweep", add(t, s, "a", 0, time.Minute), 0)
}

// A sweep long after removes records of different ends and leaves the live ones.
func testClockSweep(t *testing.T, s store.Store) {
	for i := range 10 {
		r := record(time.Now())
		r.Idle, r.Expires = 0, r.Created.Add(time.Duration(i+1)*time.Hour)
		put(t, s, r)
	}
	time.Sleep(4*time.Hour + time.Minute)
	same(t, "swept", sweep(t, s, 100), 4)
	same(t, "left", len(list(t, s, store.Filter{})), 6)
}

// A record whose end has moved is swept at its real end, not at the old one:
// touched, updated to live longer, to live shorter, for ever, and deleted.
func testClockMoved(t *testing.T, s store.Store) {
	now := time.Now()
	soon := now.Add(time.Minute)
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

	time.Sleep(time.Until(soon))
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
