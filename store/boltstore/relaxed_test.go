// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

// relaxed is a store that answers early whenever it can.
type relaxed struct{ *boltstore.Store }

func (s relaxed) Commit(ctx context.Context, changes ...store.Change) error {
	return s.CommitRelaxed(ctx, changes...)
}

// An early answer differs in nothing but its durability: the whole contract holds.
func TestRelaxedContract(t *testing.T) {
	open := func(t *testing.T) store.Store {
		return relaxed{openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"))}
	}
	storetest.Run(t, open)
	storetest.RunClock(t, open)
}

// Early and durable answers about the same records, from many at once: of each
// version there is one winner, nobody ever sees an older version than one that was
// answered, and after Flush and a start the file holds what was answered last.
func TestRelaxedAmongDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	const records, workers = 8, 8
	var ids [records]store.ID
	var answered [records]atomic.Uint64
	for i := range ids {
		r := session()
		ids[i] = r.ID
		if err := s.CommitRelaxed(t.Context(), store.Put{Record: r}); err != nil {
			t.Fatal(err)
		}
		answered[i].Store(1)
	}
	var wins [records]atomic.Uint64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range 500 {
				i := rand.IntN(records)
				least := answered[i].Load()
				r, err := s.Get(t.Context(), "session", ids[i])
				if err != nil || r.Version < least {
					t.Errorf("version %d, %v, after %d was answered", r.Version, err, least)
					return
				}
				commit := s.CommitRelaxed
				if rand.IntN(4) == 0 {
					commit = s.Commit
				}
				switch err := commit(t.Context(), store.Put{Record: r}); {
				case err == nil:
					wins[i].Add(1)
					for now := answered[i].Load(); now < r.Version+1 && !answered[i].CompareAndSwap(now, r.Version+1); {
						now = answered[i].Load()
					}
				case !errors.Is(err, store.ErrConflict):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openFile(t, path)
	for i, id := range ids {
		if got, want := version(t, s, id), wins[i].Load()+1; got != want || got != answered[i].Load() {
			t.Errorf("version %d, %d writes won, %d was answered last", got, want-1, answered[i].Load())
		}
	}
}
