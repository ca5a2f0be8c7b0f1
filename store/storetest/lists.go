// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// List yields the live records of one kind, oldest first, by owner and from a
// place on.
func testList(t *testing.T, s store.Store) {
	base := time.Now().Add(-time.Second)
	var want []store.Record
	for i := range 6 {
		r := record(base.Add(time.Duration(i) * time.Millisecond))
		r.Owner = fmt.Sprint("u-", i%2)
		want = append(want, r)
	}
	for _, i := range []int{3, 0, 5, 1, 4, 2} { // the order of writing does not matter
		want[i] = put(t, s, want[i])
	}
	put(t, s, other(want[0]))

	same(t, "all", list(t, s, store.Filter{}), want)
	same(t, "owner", list(t, s, store.Filter{Owner: "u-1"}), []store.Record{want[1], want[3], want[5]})
	same(t, "nobody's", list(t, s, store.Filter{Owner: "u"}), []store.Record(nil))
	same(t, "after", list(t, s, store.Filter{After: want[2].ID}), want[3:])
	same(t, "owner after", list(t, s, store.Filter{Owner: "u-0", After: want[2].ID}), want[4:5])
	same(t, "after the last", list(t, s, store.Filter{After: want[5].ID}), []store.Record(nil))
	must(t, s.Commit(t.Context(), store.Delete{Kind: kind, ID: want[2].ID}))
	same(t, "after one that is gone", list(t, s, store.Filter{After: want[2].ID}), want[3:])
	for r, err := range s.List(t.Context(), "unknown", store.Filter{}) {
		t.Fatalf("list of an unknown kind: %v, %v", r, err)
	}
}

func list(t testing.TB, s store.Store, f store.Filter) []store.Record {
	t.Helper()
	var got []store.Record
	for r, err := range s.List(t.Context(), kind, f) {
		must(t, err)
		got = append(got, r)
	}
	return got
}

// The body of the loop may write, for a List that held a lock or a transaction
// would hold up everybody for as long as its caller likes.
func testListWriting(t *testing.T, s store.Store) {
	for range 40 {
		put(t, s, record(time.Now().Add(-time.Second)))
	}
	seen := make(map[store.ID]bool)
	for r, err := range s.List(t.Context(), kind, store.Filter{}) {
		must(t, err)
		if seen[r.ID] {
			t.Fatalf("%v was seen twice", r.ID)
		}
		seen[r.ID] = true
		if len(seen) > 40 {
			continue // records that were made meanwhile may be seen
		}
		must(t, s.Commit(t.Context(), store.Delete{Kind: kind, ID: r.ID}, store.Put{Record: record(time.Now())}))
	}
	same(t, "left", len(list(t, s, store.Filter{})), 40)
	for range s.List(t.Context(), kind, store.Filter{}) {
		break // leaving early is no error
	}
}

// A list longer than any page a store may read at once is complete and in order.
func testListMany(t *testing.T, s store.Store) {
	const n = 2500
	var changes []store.Change
	for range n {
		changes = append(changes, store.Put{Record: record(time.Now())})
	}
	must(t, s.Commit(t.Context(), changes...))
	var last string
	seen := 0
	for r, err := range s.List(t.Context(), kind, store.Filter{}) {
		must(t, err)
		if key := string(r.ID[:]); key <= last {
			t.Fatal("IDs do not ascend")
		} else {
			last = key
		}
		seen++
	}
	same(t, "records listed", seen, n)
}
