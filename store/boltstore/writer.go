// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// plan looks at the state that earlier calls have left and says what to do, or
// why not. It changes nothing itself: a call that is refused leaves no half of
// itself in a transaction that goes on for the others. do may be nil, and returns
// how many writes it made; an error of do spoils the whole transaction. Both may be
// called again, when a transaction has to be done again, and begin anew then.
type plan func(t *txn) (do func() (writes int, err error), err error)

// job is a call that waits to be written.
type job struct {
	ctx  context.Context
	plan plan
	done chan error // nil when the call was answered already

	// Of a call that was answered already:
	at    time.Time // when; it is decided as of then
	seq   uint64
	keys  []recordKey // what is pending of it
	bytes int         // what it holds until it is written
}

// queue holds the jobs that have come while the writer was busy, in order.
type queue struct {
	mu     sync.Mutex
	filled sync.Cond
	jobs   []*job
	closed bool
}

func newQueue() *queue {
	q := new(queue)
	q.filled.L = &q.mu
	return q
}

// push reports whether the job was accepted.
func (q *queue) push(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.jobs = append(q.jobs, j)
	q.filled.Signal()
	return true
}

// take waits for jobs and returns all there are, in spare's memory from the next
// time on. It returns none when the queue is closed and empty.
func (q *queue) take(spare []*job) []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.jobs) == 0 && !q.closed {
		q.filled.Wait()
	}
	jobs := q.jobs
	q.jobs = spare[:0]
	return jobs
}

// mostYields bounds how often the writer lets others run before it begins: callers who
// do not wait for the disk could bring jobs without end.
const mostYields = 8

// gather lets others run while that brings jobs. Callers who were answered together
// come back together, and would otherwise take turns with those who came meanwhile, two
// halves that wait for each other's fsync. It waits for nobody.
func (q *queue) gather() {
	before := -1
	for range mostYields {
		n := q.len()
		if n == before {
			return
		}
		before = n
		runtime.Gosched()
	}
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs)
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Signal()
}

// write puts a plan into the queue and waits until it is on disk or refused. Once
// it is in the queue it cannot be called back: a caller that went away would not
// know what has become of it.
func (s *Store) write(ctx context.Context, p plan) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.queue == nil {
		return fmt.Errorf("%w: %s is open for reading only", store.ErrUnavailable, s.path)
	}
	j := &job{ctx: ctx, plan: p, done: make(chan error, 1)}
	s.pending.durable.Add(1)
	defer s.pending.durable.Add(-1)
	if !s.push(j) {
		return errClosed()
	}
	return <-j.done
}

// push puts a job into the queue, not while somebody decides what rests on the queue.
func (s *Store) push(j *job) bool {
	s.pending.mu.RLock()
	defer s.pending.mu.RUnlock()
	return s.queue.push(j)
}

// writer runs until the queue is closed and empty.
func (s *Store) writer() {
	defer close(s.done)
	var jobs []*job
	var answers []error
	for {
		if len(jobs) > 1 {
			s.queue.gather()
		}
		clear(jobs) // let go of what the answered callers had passed in
		jobs = s.queue.take(jobs)
		last := len(jobs) == 0
		if jobs = append(s.held, jobs...); len(jobs) == 0 {
			return
		}
		answers = append(answers[:0], make([]error, len(jobs))...)
		err := s.transact(jobs, answers)
		if err != nil {
			err = s.failure(err)
			s.between = nil // who asked for it is told that it failed
		}
		s.hold(jobs, err)
		for i, j := range jobs {
			if err != nil {
				// Even a refusal may rest on an earlier job of this transaction
				// that has not come to pass.
				answers[i] = err
			}
			if j.done != nil {
				j.done <- answers[i]
			}
		}
		if last {
			s.lost = err
			return
		}
		if s.between != nil {
			s.between()
			s.between = nil
		}
		s.writeRuns()
	}
}

// hold keeps the jobs of a failed transaction whose callers were answered already,
// for the next one, and lets go of what has been written.
func (s *Store) hold(jobs []*job, err error) {
	held := len(s.held) > 0
	s.held = nil
	var written []*job
	for _, j := range jobs {
		switch {
		case j.done != nil:
		case err != nil:
			s.held = append(s.held, j)
		default:
			written = append(written, j)
		}
	}
	s.pending.drop(written)
	if fails := len(s.held) > 0; fails || held {
		s.pending.setFailing(fails)
	}
	if len(s.held) > 0 && !s.retrying.Swap(true) {
		time.AfterFunc(retryAfter, func() {
			s.retrying.Store(false)
			_ = s.Flush(context.Background())
		})
	}
}

// transact carries out jobs in one transaction and notes the refusals. An error
// means that nothing of it may be relied on.
func (s *Store) transact(jobs []*job, refused []error) error {
	f := s.file.Load()
	if err := s.hopeless(); err != nil {
		return err
	}
	err := s.attempt(f, jobs, refused)
	if err == nil {
		return nil
	}
	// The disk may have what it reported as failed, and bbolt then takes pages for
	// free that the snapshot refers to.
	s.snapshots.drain()
	defer s.publish(f)
	if tooLarge(err) {
		f.unlimit()
		err = s.attempt(f, jobs, refused)
	}
	return err
}

// hopeless returns an error while the disk is known to be full. Each transaction
// that fails costs bbolt a walk through the whole file.
func (s *Store) hopeless() error {
	if !s.failed.Load() {
		return nil
	}
	return s.roomLeft(leastWrite, s.free())
}

// publish lets readers see what is stored now.
func (s *Store) publish(f *file) {
	if !f.shared() {
		return
	}
	snap, err := s.snapshotOf(f)
	if err != nil {
		s.snapshots.replace(nil) // each reader asks and gets the error
		return
	}
	f.limit(snap.tx.Size())
	s.snapshots.replace(snap)
}

func (s *Store) snapshotOf(f *file) (snap *snapshot, err error) {
	defer s.catch(&err, debug.SetPanicOnFault(true))
	return newSnapshot(f.db)
}

// attempt is transact in a file that has room for it in its map.
func (s *Store) attempt(f *file, jobs []*job, refused []error) (err error) {
	defer s.catch(&err, debug.SetPanicOnFault(true))
	tx, err := f.db.Begin(true)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after a commit
	t := newTxn(tx)
	t.log, t.owners, t.counts = s.log, &s.owners, s.counts
	writes, changed, err := t.carryOut(jobs, refused)
	if err != nil || !changed { // no fsync for nothing
		return err
	}
	if err := s.inPlace(); err != nil {
		return err
	}
	if err := s.syncName(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.publish(f)
	s.counts.settle(t)
	s.failed.Store(false)
	s.writes.Add(uint64(writes))
	s.commits.Add(1)
	return nil
}

// carryOut does the jobs and notes why it refuses some, and counts the writes of the
// others. An error is that of the transaction as a whole.
func (t *txn) carryOut(jobs []*job, refused []error) (writes int, changed bool, err error) {
	begun := t.now
	for i, j := range jobs {
		t.now = begun
		if j.done == nil {
			t.now = j.at
		}
		if refused[i] = j.ctx.Err(); refused[i] != nil {
			continue
		}
		do, err := j.plan(t)
		if refused[i] = err; err != nil || do == nil {
			continue
		}
		n, err := do()
		if err != nil {
			return writes, changed, err
		}
		writes += n
		changed = true
	}
	return writes, changed, nil
}

// failure notes that a transaction did not reach the disk, and says what that
// means for the callers.
func (s *Store) failure(err error) error {
	s.failed.Store(true)
	err = s.explain(err)
	if s.onError != nil {
		s.onError(err)
	}
	return err
}
