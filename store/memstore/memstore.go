// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package memstore keeps everything in memory. It is for tests: it passes the
// same suite as the stores that last, forgets all at Close and never runs full.
package memstore

import (
	"context"
	"crypto/subtle"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Store is a [store.Store] in memory. One lock guards it all: it is meant to be
// obviously right, not fast.
type Store struct {
	mu        sync.Mutex
	closed    bool
	records   map[recordKey]store.Record
	documents map[string]store.Document
	counters  map[string]counter
	stats     store.Stats
}

type recordKey struct {
	kind store.Kind
	id   store.ID
}

type counter struct {
	sum int
	end time.Time
}

// New returns an empty store.
func New() *Store {
	return &Store{
		records:   make(map[recordKey]store.Record),
		documents: make(map[string]store.Document),
		counters:  make(map[string]counter),
	}
}

// begin takes the lock and reports whether the store answers at all. The caller
// unlocks in either case.
func (s *Store) begin(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		return fmt.Errorf("%w: closed", store.ErrUnavailable)
	}
	return ctx.Err()
}

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return store.Record{}, err
	}
	r, ok := s.live(kind, id, time.Now())
	if !ok {
		return store.Record{}, store.ErrNotFound
	}
	return r.Clone(), nil
}

// Peek implements [store.Peeker].
func (s *Store) Peek(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	r, err := s.Get(ctx, kind, id)
	r.Payload = nil
	return r, err
}

// live returns the stored record itself: the caller holds the lock and copies.
func (s *Store) live(kind store.Kind, id store.ID, now time.Time) (store.Record, bool) {
	r, ok := s.records[recordKey{kind, id}]
	return r, ok && !r.Expired(now)
}

// Read implements [store.Store].
func (s *Store) Read(ctx context.Context, kind store.Kind, id store.ID, hash [32]byte) (store.Record, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return store.Record{}, err
	}
	r, ok := s.live(kind, id, time.Now())
	if !ok || !opens(r.Secrets, hash) {
		return store.Record{}, store.ErrNotFound
	}
	if r.Reads == 0 {
		return r.Clone(), nil
	}
	r.Reads--
	r.Version++
	if r.Reads == 0 {
		delete(s.records, recordKey{kind, id})
	} else {
		s.records[recordKey{kind, id}] = r
	}
	s.wrote(1)
	return r.Clone(), nil
}

func opens(secrets []store.Secret, hash [32]byte) bool {
	for _, s := range secrets {
		if subtle.ConstantTimeCompare(s.Hash[:], hash[:]) == 1 {
			return true
		}
	}
	return false
}

// Touch implements [store.Store].
func (s *Store) Touch(ctx context.Context, kind store.Kind, seen map[store.ID]time.Time) error {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return err
	}
	now := time.Now()
	moved := 0
	for id, at := range seen {
		at = store.RoundTime(at)
		if r, ok := s.live(kind, id, now); ok && at.After(r.Seen) {
			r.Seen = at
			s.records[recordKey{kind, id}] = r
			moved++
		}
	}
	if moved > 0 {
		s.wrote(moved)
	}
	return nil
}

// Add implements [store.Store].
func (s *Store) Add(ctx context.Context, name string, n int, window time.Duration) (int, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	if err := store.CheckAdd(name, n, window); err != nil {
		return 0, err
	}
	now := time.Now()
	c, ok := s.counters[name]
	if !ok || !now.Before(c.end) {
		c = counter{end: now.Add(window)}
	}
	if n == 0 {
		return c.sum, nil
	}
	c.sum += n
	s.counters[name] = c
	s.wrote(1)
	return c.sum, nil
}

// Sweep implements [store.Store].
func (s *Store) Sweep(ctx context.Context, limit int) (int, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	now := time.Now()
	swept := 0
	for key, r := range s.records {
		if swept < limit && r.Expired(now) {
			delete(s.records, key)
			swept++
		}
	}
	for name, c := range s.counters {
		if swept < limit && !now.Before(c.end) {
			delete(s.counters, name)
			swept++
		}
	}
	return swept, nil
}

// Close implements [store.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Healthy implements [store.Health].
func (s *Store) Healthy(ctx context.Context) error {
	defer s.mu.Unlock()
	return s.begin(ctx)
}

// Stats implements [store.Meter].
func (s *Store) Stats() store.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// wrote counts n changes that were made together.
func (s *Store) wrote(n int) {
	s.stats.Writes += uint64(n)
	s.stats.Commits++
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Health = (*Store)(nil)
	_ store.Meter  = (*Store)(nil)
)
