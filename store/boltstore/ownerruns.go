// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	// runEntries is how many entries gather in memory before they are written.
	runEntries = 32 << 10
	// runPiece is how many of them one transaction writes.
	runPiece = 4 << 10
	// mostRuns is how many runs a list looks into at most.
	mostRuns = 64
	// lateness is how much older than its commit an ID may be without being a
	// stray: it is made before the call waits for the writer.
	lateness = 2 * time.Second
)

// writeRuns is called by the writer when entries may have gathered.
func (s *Store) writeRuns() {
	if s.owners.size() < s.owners.due() || !s.writingRuns.CompareAndSwap(false, true) {
		return
	}
	s.closing.Go(func() {
		ctx := context.Background()
		kinds, err := s.writeRecent(ctx)
		s.owners.taken(err != nil)
		s.writingRuns.Store(false)
		if err == nil {
			s.tidyRuns(ctx, kinds)
		}
		// An error has been reported by the writer, and what was to be done waits
		// for the next time.
	})
}

// tidyRuns makes one run of those of a kind where there are too many. In a large file
// that takes a while, in which others are written, so that what is in memory stays few.
func (s *Store) tidyRuns(ctx context.Context, kinds []store.Kind) {
	if !s.tidyingRuns.CompareAndSwap(false, true) {
		return
	}
	defer s.tidyingRuns.Store(false)
	for _, kind := range kinds {
		if s.unwieldy(ctx, kind) && s.rewriteRuns(ctx, kind) != nil {
			return
		}
	}
}

// writeRecent writes what has gathered in memory, one run for each kind.
func (s *Store) writeRecent(ctx context.Context) (kinds []store.Kind, err error) {
	s.runs.Lock()
	defer s.runs.Unlock()
	mark := time.Now().Add(-s.lateness).UnixMilli()
	err = s.write(ctx, func(t *txn) (func() (int, error), error) {
		t.owners.mark = max(t.owners.mark, mark)
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	for kind, entries := range s.owners.take(mark) {
		if len(entries) == 0 {
			continue
		}
		kinds = append(kinds, kind)
		sorted := slices.Clone(entries) // lists go through the other one
		slices.SortFunc(sorted, compareOwned)
		run, err := s.nextRun(ctx, kind)
		if err == nil {
			err = s.appendRun(ctx, kind, run, slices.Compact(sorted))
		}
		if err != nil {
			return kinds, err
		}
	}
	return kinds, s.write(ctx, func(t *txn) (func() (int, error), error) {
		return func() (int, error) {
			return 0, t.bucket(metaBucket).Put(markKey, binary.BigEndian.AppendUint64(nil, uint64(mark)))
		}, nil
	})
}

func (s *Store) nextRun(ctx context.Context, kind store.Kind) (run uint32, err error) {
	err = s.view(ctx, func(t *txn) error {
		run = strays + 1
		if b := t.bucket(ownersBucket(kind)); b != nil {
			if k, _ := b.Cursor().Last(); k != nil {
				run = binary.BigEndian.Uint32(k) + 1
			}
		}
		return nil
	})
	return run, err
}

// appendRun writes sorted entries at the end of a run, in pieces between which
// others write.
func (s *Store) appendRun(ctx context.Context, kind store.Kind, run uint32, entries []owned) error {
	for piece := range slices.Chunk(entries, runPiece) {
		err := s.write(ctx, func(t *txn) (func() (int, error), error) {
			return func() (int, error) {
				b, err := t.makeBucket(ownersBucket(kind))
				if err != nil {
					return 0, err
				}
				for _, e := range piece {
					if err := b.Put(e.key(run), nil); err != nil {
						return 0, err
					}
				}
				return 0, nil
			}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unwieldy reports whether the runs of a kind should become one: a list has to
// look into too many, or most of their records are gone.
func (s *Store) unwieldy(ctx context.Context, kind store.Kind) (is bool) {
	_ = s.view(ctx, func(t *txn) error {
		b := t.bucket(ownersBucket(kind))
		if b == nil {
			return nil
		}
		records := 0
		if r := t.records(kind); r != nil {
			records = r.Stats().KeyN
		}
		runs := len(b.runs())
		is = runs > mostRuns || runs > 1 && b.Stats().KeyN > 2*(records+s.owners.run)
		return nil
	})
	return is
}

// runs returns the numbers of the runs in a bucket of the index.
func (b *bucket) runs() (runs []uint32) {
	c := b.Cursor()
	for k, _ := c.First(); k != nil; {
		run := binary.BigEndian.Uint32(k)
		if len(runs) > 0 && run <= runs[len(runs)-1] {
			break // only in a file with damage
		}
		runs = append(runs, run)
		k, _ = c.Seek(binary.BigEndian.AppendUint32(nil, run+1))
	}
	return runs
}

// rewriteRuns writes what is left of all runs of a kind as one, a 256th at a time,
// and deletes them. After a crash in between, entries are there twice, which a list
// does not mind and the next rewriting mends.
func (s *Store) rewriteRuns(ctx context.Context, kind store.Kind) error {
	s.runs.Lock() // so that all runs before end are whole
	end, err := s.nextRun(ctx, kind)
	s.runs.Unlock()
	if err != nil {
		return err
	}
	for first := range 256 {
		var entries []owned
		err := s.view(ctx, func(t *txn) error {
			entries = t.liveOwned(kind, byte(first), end)
			return nil
		})
		if err == nil {
			err = s.appendRun(ctx, kind, end, entries)
		}
		if err != nil {
			return err
		}
	}
	return s.deleteRuns(ctx, kind, end)
}

// liveOwned returns the entries of runs before end that begin with a byte and whose
// records are there, sorted.
func (t *txn) liveOwned(kind store.Kind, first byte, end uint32) (entries []owned) {
	b := t.bucket(ownersBucket(kind))
	c := b.Cursor()
	for _, run := range b.runs() {
		if run == strays || run >= end {
			continue
		}
		from := append(binary.BigEndian.AppendUint32(nil, run), first)
		for k, _ := c.Seek(from); bytes.HasPrefix(k, from); k, _ = c.Next() {
			if e := owned(k[runSize:]); t.owns(kind, e) {
				entries = append(entries, e)
			}
		}
	}
	slices.SortFunc(entries, compareOwned)
	return slices.Compact(entries)
}

// deleteRuns deletes the runs before end, and the strays whose records are gone.
func (s *Store) deleteRuns(ctx context.Context, kind store.Kind, end uint32) error {
	var last []byte
	for after := owned.key(owned{}, strays); after != nil; after = last {
		err := s.write(ctx, func(t *txn) (func() (int, error), error) {
			b := t.bucket(ownersBucket(kind))
			var dead [][]byte
			last = nil
			c := b.Cursor()
			n := 0
			for k, _ := seekAfter(c, nil, after); k != nil && binary.BigEndian.Uint32(k) < end; k, _ = c.Next() {
				if binary.BigEndian.Uint32(k) != strays || !t.owns(kind, owned(k[runSize:])) {
					dead = append(dead, slices.Clone(k))
				}
				if n++; n == runPiece {
					last = slices.Clone(k)
					break
				}
			}
			return func() (int, error) {
				for _, k := range dead {
					if err := b.Delete(k); err != nil {
						return 0, err
					}
				}
				return 0, nil
			}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
