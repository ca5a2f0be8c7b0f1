// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// puts commits n records as change makes them, in commits of 1,000.
func puts(t testing.TB, s store.Store, n int, change func(r *store.Record)) []store.ID {
	t.Helper()
	ids := make([]store.ID, 0, n)
	for len(ids) < n {
		var changes []store.Change
		for range min(1000, n-len(ids)) {
			r := session()
			change(&r)
			ids = append(ids, r.ID)
			changes = append(changes, store.Put{Record: r})
		}
		commit(t, s, changes...)
	}
	return ids
}

func sizeOf(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Scrub leaves no byte of what was deleted before in any file of the store, of a record,
// its owner, a document; all else stays.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	s := openFile(t, filepath.Join(dir, "gatehouse.db"))
	kept := puts(t, s, 100, func(r *store.Record) { r.Owner = "somebody else" })
	document := store.Document{Name: "user/of-the-erased", Data: []byte("data-of-the-erased")}
	commit(t, s, store.PutDocument{Document: document})
	for _, id := range puts(t, s, 100, func(r *store.Record) { r.Owner, r.Payload = "owner-the-erased", []byte("payload-of-the-erased") }) {
		commit(t, s, store.Delete{Kind: session().Kind, ID: id})
	}
	commit(t, s, store.DeleteDocument{Name: document.Name})
	left := func() (n int) {
		t.Helper()
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			n += bytes.Count(data, []byte("the-erased"))
		}
		return n
	}
	if left() == 0 {
		t.Fatal("deleted bytes are gone already: the test looks for them in vain")
	}
	if err := s.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := left(); n > 0 {
		t.Errorf("found %d times", n)
	}
	for _, id := range kept {
		if _, err := s.Get(t.Context(), session().Kind, id); err != nil {
			t.Fatal(err)
		}
	}
}

// A compaction under load: nobody who reads meets a gap, nothing that was written
// meanwhile is missing, nothing that was deleted is back, and the file is smaller,
// sound, and the one that the next start opens.
func TestCompactUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	stay := puts(t, s, 2000, func(*store.Record) {})
	puts(t, s, 60_000, func(r *store.Record) { r.Expires = time.Now().Add(-time.Hour) })
	commit(t, s, store.PutDocument{Document: store.Document{Name: "user/a", Data: []byte("a")}})
	before := sizeOf(t, path)

	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var mu sync.Mutex
	live, dead := make(map[store.ID]bool), make(map[store.ID]bool)
	for n := range 4 {
		load.Go(func() { // makes records, deletes every other one
			for ctx.Err() == nil {
				r := session()
				if err := s.Commit(t.Context(), store.Put{Record: r}); err != nil {
					t.Error(err)
					return
				}
				gone := n%2 == 0
				if gone {
					if err := s.Commit(t.Context(), store.Delete{Kind: r.Kind, ID: r.ID}); err != nil {
						t.Error(err)
						return
					}
				}
				mu.Lock()
				live[r.ID], dead[r.ID] = !gone, gone
				mu.Unlock()
			}
		})
	}
	load.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := s.Get(t.Context(), "session", stay[i%len(stay)]); err != nil {
				t.Error(err)
				return
			}
		}
	})
	if _, err := s.Sweep(t.Context(), 100_000); err != nil { // compacts, or the next does
		t.Error(err)
	}
	for range 3 {
		if err := s.Compact(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	load.Wait()
	check := func(s store.Store) {
		t.Helper()
		for _, id := range stay {
			live[id] = true
		}
		n := 0
		for r, err := range s.List(t.Context(), "session", store.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if !live[r.ID] {
				t.Errorf("%v was deleted (%v) and is back", r.ID, dead[r.ID])
			}
			n++
		}
		for id, is := range live {
			if !is {
				delete(live, id)
			}
		}
		if n != len(live) {
			t.Errorf("%d records of %d", n, len(live))
		}
		if _, err := s.Document(t.Context(), "user/a"); err != nil {
			t.Error(err)
		}
	}
	check(s)
	if after := sizeOf(t, path); after > before/2 {
		t.Errorf("%d bytes, before %d", after, before)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
	check(openFile(t, path))
}

// Short records through a small live set, for as long as anybody likes: the file
// does not grow beyond what lived at once, some times over.
func TestChurn(t *testing.T) {
	n := 1_000_000
	if testing.Short() || raceDetector {
		n = 100_000
	}
	const live = 10_000
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	var largest, settled int64
	for made := 0; made < n; made += live {
		ids := puts(t, s, live, func(r *store.Record) { r.Idle = 0; r.Expires = time.Now().Add(-time.Millisecond) })
		if swept, err := s.Sweep(t.Context(), 2*live); err != nil || swept != live {
			t.Fatalf("swept %d of %d: %v", swept, live, err)
		}
		if _, err := s.Get(t.Context(), "session", ids[0]); !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("a swept record: %v", err)
		}
		largest = max(largest, sizeOf(t, path))
		if made < n/2 {
			settled = largest
		}
	}
	if largest > 32<<20 || largest > settled+8<<20 { // it grows by 4 MB at once
		t.Errorf("the file grew to %d bytes, to %d in the first half, with %d records of 250 bytes at once", largest, settled, live)
	}
}

// More than half of a large file is free: the sweep makes it smaller by itself.
func TestSweepCompacts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	keep := puts(t, s, 10, func(r *store.Record) { r.Idle = 0 })
	puts(t, s, 200, func(r *store.Record) { r.Payload, r.Expires = make([]byte, 200_000), time.Now().Add(-time.Hour) })
	if size := sizeOf(t, path); size < 32<<20 {
		t.Fatalf("the file has only %d bytes", size)
	}
	// The first sweep only frees: what it freed last may still be read.
	for range 2 {
		if _, err := s.Sweep(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		commit(t, s, store.Put{Record: session()})
	}
	if size := sizeOf(t, path); size > 8<<20 {
		t.Errorf("the file has %d bytes", size)
	}
	for _, id := range keep {
		if _, err := s.Get(t.Context(), "session", id); err != nil {
			t.Error(err)
		}
	}
}

// A file that is reached by a symbolic link is replaced where it is, and stays
// readable for whom it was. What a crash in the middle has left is removed.
func TestCompactPlace(t *testing.T) {
	folder := t.TempDir()
	place, link := filepath.Join(folder, "real.db"), filepath.Join(folder, "link.db")
	s := openFile(t, place)
	commit(t, s, store.Put{Record: session()})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left := link + ".compact"
	if err := errors.Join(os.Symlink(place, link), os.Chmod(place, 0o640), os.WriteFile(left, []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s = openFile(t, link)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a crash left is still there: %v", err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(place); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	commit(t, s, store.Put{Record: session()}) // the file is in place
	if _, err := boltstore.Open(place, boltstore.Options{Timeout: time.Millisecond}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a second process could open it: %v", err)
	}
}

// A compaction whose change-over shares a transaction with writes that fail is over:
// its copy must not become the file afterwards.
func TestCompactAmongFailures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	live := puts(t, s, 2000, func(*store.Record) {})
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	aside := path + ".aside"
	load.Go(func() { // the file comes and goes, and nothing is written while it is gone
		for ctx.Err() == nil {
			if err := os.Rename(path, aside); err != nil {
				continue
			}
			s.Commit(t.Context(), store.Put{Record: session()})
			// Back, unless the copy has taken its place in that very moment.
			if err := os.Link(aside, path); err != nil && !errors.Is(err, os.ErrExist) {
				t.Error(err)
			}
			if err := os.Remove(aside); err != nil {
				t.Error(err)
			}
			s.Commit(t.Context(), store.Put{Record: session()})
		}
	})
	load.Go(func() {
		for ctx.Err() == nil {
			s.Commit(t.Context(), store.Put{Record: session()})
		}
	})
	for range 20 {
		s.Compact(t.Context())
	}
	stop()
	load.Wait()
	if err := s.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
	commit(t, s, store.Put{Record: session()})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
	s = openFile(t, path)
	for _, id := range live {
		if _, err := s.Get(t.Context(), "session", id); err != nil {
			t.Fatalf("record %v: %v", id, err)
		}
	}
}

// A compaction that fails changes nothing, says why, and leaves nothing behind.
func TestCompactFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	var reported atomic.Int32
	s, err := boltstore.Open(path, boltstore.Options{OnError: func(error) { reported.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	puts(t, s, 200, func(r *store.Record) { r.Payload, r.Expires = make([]byte, 200_000), time.Now().Add(-time.Hour) })
	inTheWay := filepath.Join(path+".compact", "folder")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got error %v, want ErrUnavailable", err)
	}
	for range 3 { // tries once and gives up for a while
		if _, err := s.Sweep(t.Context(), 1000); err != nil {
			t.Error(err)
		}
		commit(t, s, store.Put{Record: session()})
	}
	if n := reported.Load(); n != 1 {
		t.Errorf("reported %d times, want once", n)
	}
	if err := os.RemoveAll(path + ".compact"); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Compact(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want Canceled", err)
	}
	if _, err := os.Stat(path + ".compact"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Error(err)
	}
}
