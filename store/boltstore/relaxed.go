// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	// mostPending is how many bytes may be answered and not yet on disk. Whoever wants
	// more waits for the disk.
	mostPending = 32 << 20
	// stepSize is what a step counts besides its value, in bytes.
	stepSize = 128
)

// retryAfter is how long the writer waits before it tries again to write what was
// answered already.
const retryAfter = time.Second

// pending is the records that were answered before they are on disk: what a look-up
// sees first. An entry is dropped when readers can see it in the file.
type pending struct {
	n       atomic.Int64 // of records, so that nobody locks while there are none
	durable atomic.Int64 // calls in the queue that are answered when they are on disk

	mu      sync.RWMutex
	records map[recordKey]pendingRecord
	bytes   int // of all that waits to be written, what was written over since among it
	seq     uint64
	failing bool // what was answered could not be written
}

type recordKey struct {
	kind store.Kind
	id   store.ID
}

// pendingRecord is an encoded record, or none for one that was deleted.
type pendingRecord struct {
	value []byte
	seq   uint64 // of the job that writes it
}

// get returns the bytes of a record if it is pending. Ask before the file: records
// move from here to there.
func (p *pending) get(kind store.Kind, id store.ID) (value []byte, found bool) {
	if p.n.Load() == 0 {
		return nil, false
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	r, found := p.records[recordKey{kind, id}]
	return r.value, found
}

// note makes the outcome of a step of a job visible. The caller holds the lock.
func (p *pending) note(s relaxedStep, j *job) {
	key, value := s.outcome()
	if p.records == nil {
		p.records = make(map[recordKey]pendingRecord)
	}
	p.records[key] = pendingRecord{value, j.seq}
	p.n.Store(int64(len(p.records)))
	j.keys = append(j.keys, key)
	j.bytes += len(value) + stepSize
	p.bytes += len(value) + stepSize
}

// dropAtOnce is for how many jobs the lock is taken once.
const dropAtOnce = 64

// drop forgets what jobs have written.
func (p *pending) drop(jobs []*job) {
	for some := range slices.Chunk(jobs, dropAtOnce) {
		p.mu.Lock()
		for _, j := range some {
			p.forget(j)
		}
		p.mu.Unlock()
	}
}

// forget forgets what a job has written, unless a later one has written it anew. The
// caller holds the lock.
func (p *pending) forget(j *job) {
	p.bytes -= j.bytes
	for _, key := range j.keys {
		if r := p.records[key]; r.seq == j.seq {
			delete(p.records, key)
		}
	}
	p.n.Store(int64(len(p.records)))
}

func (p *pending) setFailing(failing bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failing = failing
}

// relaxedStep is a step whose outcome can be seen before it is applied.
type relaxedStep interface {
	step
	outcome() (recordKey, []byte)
}

func (p *putRecord) outcome() (recordKey, []byte) {
	return recordKey{p.kind, p.id}, p.value
}

func (d *deleteRecord) outcome() (recordKey, []byte) { return recordKey{d.kind, d.id}, nil }

// CommitRelaxed implements [store.Relaxed] for records. What is answered is kept
// and written again while the disk refuses it; meanwhile new calls wait for the disk,
// and learn about it. Close returns an error when something was lost in the end.
func (s *Store) CommitRelaxed(ctx context.Context, changes ...store.Change) error {
	if err := store.CheckChanges(changes); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	steps := make([]relaxedStep, 0, len(changes))
	for _, change := range changes {
		step, ok := newStep(change).(relaxedStep)
		if !ok {
			return s.Commit(ctx, changes...)
		}
		steps = append(steps, step)
	}
	if answered, err := s.relax(steps); answered {
		return err
	}
	return s.Commit(ctx, changes...)
}

// relax decides at once, if that can be done: nothing may be in the queue that could
// still change what the decision rests on.
func (s *Store) relax(steps []relaxedStep) (answered bool, err error) {
	if s.queue == nil || len(steps) == 0 {
		return false, nil
	}
	defer s.catch(&err, debug.SetPanicOnFault(true))
	p := &s.pending
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failing || p.bytes > mostPending || p.durable.Load() > 0 {
		return false, nil
	}
	snap := s.snapshots.enter() // not before: what was dropped is in this one
	if snap == nil {
		return false, nil
	}
	defer snap.leave()
	j := &job{ctx: context.Background(), plan: planOf(steps), at: time.Now(), seq: p.seq + 1}
	t := txn{snap: snap, now: j.at, pending: p}
	for _, step := range steps {
		if err := step.check(&t); err != nil {
			return true, err
		}
	}
	p.seq++
	for _, step := range steps { // before the writer has them
		p.note(step, j)
	}
	if !s.queue.push(j) {
		p.forget(j)
		return true, errClosed()
	}
	return true, nil
}

// planOf is the plan of steps that are made together.
func planOf[S step](steps []S) plan {
	return func(t *txn) (func() (int, error), error) {
		for _, step := range steps {
			if err := step.check(t); err != nil {
				return nil, err
			}
		}
		return func() (int, error) {
			for _, step := range steps {
				if err := step.apply(t); err != nil {
					return 0, err
				}
			}
			return len(steps), nil
		}, nil
	}
}

// Flush implements [store.Relaxed].
func (s *Store) Flush(ctx context.Context) error {
	return s.write(ctx, func(*txn) (func() (int, error), error) { return nil, nil })
}

// settled is Flush where somebody is going to look at more than single records.
func (s *Store) settled(ctx context.Context) error {
	if s.pending.n.Load() == 0 {
		return nil
	}
	return s.Flush(ctx)
}

var _ store.Relaxed = (*Store)(nil)
