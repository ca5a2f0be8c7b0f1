// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/gatehouse-sso/gatehouse/store"
)

// leastSpace is what a write may need: with less than this on the disk and in the
// file together, the store counts as full. After a write was refused what is free in
// the file is not counted: it was not enough, or lay in pieces too small.
const leastSpace = 1 << 20

// leastWrite is with how little a small write may still succeed.
const leastWrite = 64 << 10

// Healthy implements [store.Health]: the writer answers, the disk has room, and
// the last transaction was not refused by it. After one that was, an empty one is
// tried, so that a store recovers by itself when nobody else writes.
func (s *Store) Healthy(ctx context.Context) error {
	if err := s.inPlace(); err != nil {
		return err
	}
	free := s.free()
	if s.failed.Load() {
		free = 0
	}
	if err := s.roomLeft(leastSpace, free); err != nil {
		return err
	}
	p := s.probes.join(func() error { return s.write(context.Background(), s.probe) })
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("%w: store file %s: the writer is held up: %w", store.ErrUnavailable, s.path, ctx.Err())
	}
}

func (s *Store) probe(*txn) (func() (int, error), error) {
	if !s.failed.Load() {
		return nil, nil
	}
	return func() (int, error) { return 0, nil }, nil
}

// probes lets all who ask at the same time wait for one probe: while a disk hangs,
// whoever asks again and again must not fill the queue.
type probes struct {
	mu      sync.Mutex
	running *probe
}

type probe struct {
	done chan struct{}
	err  error // valid when done is closed
}

// join returns the probe that is running, or begins one.
func (p *probes) join(run func() error) *probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running != nil {
		return p.running
	}
	begun := &probe{done: make(chan struct{})}
	p.running = begun
	go func() {
		begun.err = run()
		p.mu.Lock()
		p.running = nil
		p.mu.Unlock()
		close(begun.done)
	}()
	return begun
}

// roomLeft returns an error when the disk, and what is free in the file, come to less
// than least bytes.
func (s *Store) roomLeft(least, free int64) error {
	available, known := diskSpace(filepath.Dir(s.path))
	if known && available+free < least {
		return fmt.Errorf("%w: %d bytes left on the disk of %s: delete or move other files", store.ErrFull, available, s.path)
	}
	return nil
}
