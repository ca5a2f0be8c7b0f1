// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"math"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// snapshot is the state after the last commit, open for all readers together. A
// read transaction of its own for each look-up would have to pass bbolt's lock on
// the meta page, which a commit holds while it writes that page and the disk may
// keep it waiting: a look-up that meets a large commit then takes as long as the
// disk. With a snapshot readers share no lock with the writer at all.
//
// The writer alone opens and closes snapshots.
type snapshot struct {
	tx      *bbolt.Tx
	buckets map[string]*bucket
	refs    atomic.Int64 // readers; closed when it is negative
	retired atomic.Bool
	idle    chan struct{} // told when a retired snapshot has no reader any more
}

const closed = math.MinInt64 / 2

// newSnapshot opens what is stored in db now.
func newSnapshot(db *bbolt.DB) (snap *snapshot, err error) {
	tx, err := db.Begin(false)
	if err != nil {
		return nil, err
	}
	whole := false
	defer func() {
		if !whole { // a page has gone bad
			tx.Rollback()
		}
	}()
	snap = &snapshot{tx: tx, buckets: make(map[string]*bucket), idle: make(chan struct{}, 1)}
	err = tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		snap.buckets[string(name)] = newBucket(name, b)
		return nil
	})
	whole = err == nil
	return snap, err
}

// enter reports whether the snapshot may be read. Whoever entered leaves.
func (snap *snapshot) enter() bool { return snap.refs.Add(1) > 0 }

func (snap *snapshot) leave() {
	if snap.refs.Add(-1) == 0 && snap.retired.Load() {
		select {
		case snap.idle <- struct{}{}:
		default:
		}
	}
}

// close closes the snapshot unless somebody reads it.
func (snap *snapshot) close() bool {
	if !snap.refs.CompareAndSwap(0, closed) {
		return false
	}
	snap.tx.Rollback()
	return true
}

// snapshots is the current snapshot, and those that somebody still reads.
type snapshots struct {
	current atomic.Pointer[snapshot]
	retired []*snapshot // the writer's
}

// enter returns the current snapshot, or nil when there is none.
func (s *snapshots) enter() *snapshot {
	for {
		snap := s.current.Load()
		if snap == nil || snap.enter() {
			return snap
		}
	}
}

// replace makes next, which may be nil, the current snapshot.
func (s *snapshots) replace(next *snapshot) {
	if last := s.current.Swap(next); last != nil {
		last.retired.Store(true)
		s.retired = append(s.retired, last)
	}
	left := s.retired[:0]
	for _, snap := range s.retired {
		if !snap.close() {
			left = append(left, snap)
		}
	}
	clear(s.retired[len(left):])
	s.retired = left
}

// drain leaves no snapshot open. It waits for readers, none of which runs code of
// a caller.
func (s *snapshots) drain() {
	s.replace(nil)
	for _, snap := range s.retired {
		for !snap.close() {
			<-snap.idle
		}
	}
	clear(s.retired)
	s.retired = s.retired[:0]
}
