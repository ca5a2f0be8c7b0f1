// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// ownership is which records are live and whose.
type ownership map[store.ID]string

// check compares the list of every owner with what it must be.
func (o ownership) check(t *testing.T, s store.Store, when string) {
	t.Helper()
	want := make(map[string]int)
	for _, owner := range o {
		want[owner]++
	}
	for owner, n := range want {
		var last store.ID
		for r, err := range s.List(t.Context(), "session", store.Filter{Owner: owner}) {
			if err != nil {
				t.Fatal(err)
			}
			if o[r.ID] != owner || r.Owner != owner || string(r.ID[:]) <= string(last[:]) {
				t.Fatalf("%s: %v of %q is listed for %q, after %v", when, r.ID, o[r.ID], owner, last)
			}
			last = r.ID
			n--
		}
		if n != 0 {
			t.Errorf("%s: %d records of %q are missing", when, n, owner)
		}
	}
}

// What is in memory of the index by owner stays few, also while all of its runs, which
// may be a hundred million entries, are made one: others are written meanwhile.
func TestOwnersInMemoryStayFew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s, err := boltstore.OpenBusy(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	const callers, each = 32, 1000 // 100 runs, and most of them made one
	var mu sync.Mutex
	var most int
	live := make(ownership)
	var work sync.WaitGroup
	for n := range callers {
		work.Go(func() {
			for i := range each {
				r := session()
				r.Owner = fmt.Sprint("u-", n, "-", i%10)
				if err := s.Commit(t.Context(), store.Put{Record: r}); err != nil {
					t.Error(err)
					return
				}
				recent := s.RecentOwned()
				mu.Lock()
				most = max(most, recent)
				live[r.ID] = r.Owner
				mu.Unlock()
			}
		})
	}
	work.Wait()
	t.Logf("%d at most", most)
	if most > 3000 { // of 32,000
		t.Errorf("up to %d entries were in memory", most)
	}
	live.check(t, s, "while runs are written")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	live.check(t, openFile(t, path), "after a start")
}

// The index by owner is derived, written in large runs and rewritten when most of it
// is dead. Whatever happens, before, while and after it is written, across a start,
// with IDs that come late, with owners that change: a list is exactly the records of
// an owner.
func TestOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	openBusy := func() *boltstore.Store {
		s, err := boltstore.OpenBusy(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	s := openBusy()
	live := make(ownership)
	owner := func() string { return fmt.Sprint("u-", rand.IntN(50)) }
	// age is how old the IDs are.
	churn := func(n int, age time.Duration) {
		t.Helper()
		for made := 0; made < n; made += 1000 {
			var changes []store.Change
			for range 1000 {
				r := store.Record{Kind: "session", ID: store.NewID(time.Now().Add(-age)), Owner: owner()}
				live[r.ID] = r.Owner
				changes = append(changes, store.Put{Record: r})
			}
			commit(t, s, changes...)
			changes = changes[:0]
			for id := range live { // and most of them go again
				if len(changes) == 960 {
					break
				}
				if rand.IntN(50) == 0 {
					live[id] = owner()
					changes = append(changes, store.Put{Record: store.Record{Kind: "session", ID: id, Owner: live[id], Version: version(t, s, id)}})
					continue
				}
				delete(live, id)
				changes = append(changes, store.Delete{Kind: "session", ID: id})
			}
			commit(t, s, changes...)
		}
	}
	reopen := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		checkFile(t, path)
		s = openBusy()
	}
	churn(1000, 0)
	live.check(t, s, "in memory")
	reopen()
	live.check(t, s, "in memory, after a start")
	for round := range 6 {
		churn(10_000, 0)
		live.check(t, s, fmt.Sprint("while runs are written, round ", round))
		if round%2 == 1 {
			reopen()
			live.check(t, s, fmt.Sprint("after a start, round ", round))
		}
	}
	churn(3000, time.Hour) // older than the mark
	live.check(t, s, "with strays")
	reopen()
	live.check(t, s, "with strays, after a start")
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	live.check(t, s, "compacted")
}

func version(t testing.TB, s store.Store, id store.ID) uint64 {
	t.Helper()
	r, err := s.Get(t.Context(), "session", id)
	if err != nil {
		t.Fatal(err)
	}
	return r.Version
}

// An owner with more records than one look into the index takes.
func TestOwnerOfMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	live := make(ownership)
	for _, id := range puts(t, s, 50_000, func(r *store.Record) { r.ID = store.NewID(time.Now().Add(-time.Minute)) }) {
		live[id] = "u-1"
	}
	live.check(t, s, "while they are written")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, boltstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	live.check(t, s, "read-only")
}
