// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// A file that outgrows its map moves to a larger one, under readers that look and
// list all the time. The map cannot be moved while a snapshot is open, and the
// writer holds one open itself: getting this wrong is a store that hangs for ever.
func TestGrowBeyondTheMap(t *testing.T) {
	if !canReserve() {
		t.Skip("readers share no snapshot on this system")
	}
	s, err := Open(filepath.Join(t.TempDir(), "gatehouse.db"), Options{reserve: 2 * growth})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(size int) store.ID {
		id := store.NewID(time.Now())
		if err := s.Commit(t.Context(), store.Put{Record: store.Record{Kind: "big", ID: id, Payload: make([]byte, size)}}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := put(100)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Get(t.Context(), "big", first); err != nil {
					t.Error(err)
					return
				}
				for _, err := range s.List(t.Context(), "big", store.Filter{Owner: "nobody"}) {
					t.Errorf("listed something: %v", err)
				}
			}
		})
	}
	before := s.file.Load().db.MaxSize
	for range 10 {
		put(4 << 20)
	}
	stop()
	readers.Wait()
	if after := s.file.Load().db.MaxSize; after <= before {
		t.Errorf("the map was to grow beyond %d bytes, and has %d", before, after)
	}
	if s.snapshots.current.Load() == nil {
		t.Error("readers share no snapshot afterwards")
	}
	if s.Stats().Size < 32<<20 {
		t.Errorf("the file has only %d bytes", s.Stats().Size)
	}
}

// The size of the map is bbolt's own affair. If a version of it doubles other
// sizes, the limit has to follow, or the map is moved under an open snapshot.
func TestMapSize(t *testing.T) {
	for _, test := range []struct{ size, want int64 }{
		{1, 32 << 10}, {32 << 10, 32 << 10}, {32<<10 + 1, 64 << 10}, {1 << 30, 1 << 30},
		{1<<30 + 1, 2 << 30}, {3 << 30, 3 << 30}, {3<<30 + 1, 4 << 30},
	} {
		if got := mapSize(test.size); got != test.want {
			t.Errorf("%d: got %d, want %d", test.size, got, test.want)
		}
	}
}
