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
	"time"

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

// Early answers are bounded by what waits to be written, however often it was written over
// or deleted meanwhile: one record that is changed without end fills no memory while the
// disk hangs (threat 37).
func TestEarlyAnswersAreBounded(t *testing.T) {
	payload := make([]byte, 256<<10)
	for what, change := range map[string]func(r *store.Record, i int) []store.Change{
		"written over": func(r *store.Record, i int) []store.Change {
			r.Version = uint64(i)
			return []store.Change{store.Put{Record: *r}}
		},
		"written and deleted": func(r *store.Record, i int) []store.Change {
			if r.Version = 0; i%2 == 1 {
				return []store.Change{store.Delete{Kind: r.Kind, ID: r.ID}}
			}
			return []store.Change{store.Put{Record: *r}}
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"))
			goOn := s.Stall()
			defer goOn()
			r := session()
			r.Payload = payload
			most := 3 * boltstore.MostPending / len(payload)
			waits := make(chan error, 1)
			go func() {
				for i := range most {
					if err := s.CommitRelaxed(context.Background(), change(&r, i)...); err != nil {
						waits <- err
						return
					}
				}
				waits <- nil
			}()
			for s.Waiting() == 0 {
				select {
				case err := <-waits:
					t.Fatalf("%d changes of %d KB are answered while nothing is written: %v", most, len(payload)>>10, err)
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
}
