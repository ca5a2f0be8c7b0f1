// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package boltstore keeps everything in one bbolt file. It owns the layout of
// that file, its durability and what a damaged one means; what is in a payload,
// and that it is sealed, belong to others (internal/seal).
//
// All writes go through one queue, in order. One goroutine takes whatever has
// gathered while the previous fsync ran, checks each call against the state that
// the calls before it have left, makes what can be made in one transaction, and
// answers when that is on disk (docs/decisions/0004). Reads go to the file
// directly and never wait for a writer.
package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Options change how a file is opened. The zero value is what a gateway wants.
type Options struct {
	// Timeout is how long to wait for another process to let go of the file.
	// Zero means one second.
	Timeout time.Duration
	// ReadOnly opens the file for reading beside other readers, and changes and
	// creates nothing. Writes are answered with ErrUnavailable. It does not work
	// beside a process that has the file open for writing.
	ReadOnly bool
	// OnError, if set, is called with the cause once for each transaction that
	// could not be committed, however many callers waited for it, and when a
	// compaction fails. It must not call the store.
	OnError func(error)

	// For tests, in place of constants of these names.
	reserve    int // reservation
	runEntries int
	lateness   time.Duration
}

// Store is a [store.Store] in a file.
type Store struct {
	path      string
	file      atomic.Pointer[file]
	snapshots snapshots
	owners    owners
	pending   pending
	onError   func(error)
	reserve   int // address space to ask for
	lateness  time.Duration

	queue   *queue  // nil when read-only
	log     *keyLog // the writer's, nil when nobody copies the file
	between func()  // the writer's, what it does once after this transaction

	held     []*job // the writer's, answered and not yet written
	lost     error  // valid when done is closed
	retrying atomic.Bool
	counts   counts // the writer's
	renamed  string // the writer's, a folder that has to be synced

	compacting  sync.Mutex
	writingRuns atomic.Bool
	tidyingRuns atomic.Bool
	runs        sync.Mutex     // held while runs are being written, by whoever has to know that they are whole
	notBefore   time.Time      // when compacting may be tried again
	closing     sync.WaitGroup // whatever goes on in the background

	done      chan struct{}
	closeOnce sync.Once
	closeErr  error

	writes  atomic.Uint64
	commits atomic.Uint64
	probes  probes
	failed  atomic.Bool // the last transaction that was tried did not reach the disk
}

// Close implements [store.Store].
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		if s.queue != nil {
			s.queue.close()
			<-s.done
			if s.lost != nil {
				s.closeErr = fmt.Errorf("what was answered before it was written is lost: %w", s.lost)
			}
			s.compacting.Lock() // one that goes on fails and tidies up
			defer s.compacting.Unlock()
		}
		s.snapshots.drain()
		s.closing.Wait()
		if err := s.file.Load().db.Close(); err != nil {
			s.closeErr = errors.Join(s.closeErr, fmt.Errorf("close store file %s: %w", s.path, err))
		}
	})
	return s.closeErr
}

// Empty reports whether the file holds no document at all. A gateway that has had
// users has documents: when a marker beside the key says so and the file is
// empty, it has been lost, and the door stays shut (docs/decisions/0005). Ask before
// anything is written.
func (s *Store) Empty() (bool, error) {
	empty := true
	err := s.view(context.Background(), func(t *txn) error {
		if b := t.documents(); b != nil {
			k, _ := b.Cursor().First()
			empty = k == nil
		}
		return nil
	})
	return empty, err
}

// Stats implements [store.Meter].
func (s *Store) Stats() store.Stats {
	stats := store.Stats{Writes: s.writes.Load(), Commits: s.commits.Load()}
	if info, err := os.Stat(s.path); err == nil {
		stats.Size = info.Size()
	}
	stats.Free = s.free()
	return stats
}

// free returns how many bytes of the file hold nothing.
func (s *Store) free() int64 {
	return s.file.Load().free()
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Health = (*Store)(nil)
	_ store.Meter  = (*Store)(nil)

	_ store.Scrubber = (*Store)(nil)
	_ store.Peeker   = (*Store)(nil)
)
