// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// room knows how many tokens a namespace has, at least: it counts what is made and
// what is ended through it, and learns of those that have expired by asking the store
// when the quota is reached. So a create costs no count, and a full namespace is
// found out about at once. It never takes less than the truth: whatever may have
// happened before or after a count is taken for what makes the number greater.
type room struct {
	store store.Store
	kind  store.Kind

	counting sync.Mutex // held by whoever asks the store

	mu      sync.Mutex
	counted bool
	stored  int // as the store has told, and what was made and ended since
	pending int // being made
	during  int // made while the store was being asked
	asked   int // how often the asking has begun or ended
	next    time.Time
}

// A store is asked at most this often, and so seldom that it is busy with it for a
// twentieth of the time at most.
const (
	recountEvery = 100 * time.Millisecond
	recountShare = 20
)

// reserve takes one of quota places, or returns ErrQuota. settle must follow.
func (r *room) reserve(quota int) error {
	if r.take(quota) {
		return nil
	}
	if err := r.recount(); err != nil {
		return err
	}
	if !r.take(quota) {
		return ErrQuota
	}
	return nil
}

func (r *room) take(quota int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if quota > 0 && (!r.counted || r.stored+r.pending >= quota) {
		return false
	}
	r.pending++
	return true
}

// settle says what has become of a place.
func (r *room) settle(taken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending--
	if taken {
		r.stored++
		r.during++
	}
}

// epoch is what gone wants to know, from before the token went.
func (r *room) epoch() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// gone is told that a token has ended. Where the store was asked meanwhile, it may
// have been left out already.
func (r *room) gone(epoch int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if epoch == r.asked {
		r.stored--
	}
}

// recount asks the store, unless it was asked a moment ago.
func (r *room) recount() error {
	r.counting.Lock()
	defer r.counting.Unlock()
	begun := time.Now()
	if !r.begin(begun) {
		return nil
	}
	n, err := r.count()
	r.end(n, err == nil, begun)
	return err
}

func (r *room) begin(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counted && now.Before(r.next) {
		return false
	}
	r.asked++
	r.during = 0
	return true
}

func (r *room) end(n int, ok bool, begun time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if ok {
		r.counted, r.stored = true, n+r.during
	}
	now := time.Now()
	r.next = now.Add(max(recountEvery, recountShare*now.Sub(begun)))
}

// count returns how many live tokens there are. It does not end with the caller: others
// wait for it.
func (r *room) count() (int, error) {
	ctx := context.Background()
	if c, ok := r.store.(store.Counter); ok {
		n, err := c.Count(ctx, r.kind, time.Now())
		if !errors.Is(err, errors.ErrUnsupported) {
			return n, err
		}
	}
	n := 0
	for _, err := range r.store.List(ctx, r.kind, store.Filter{}) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
