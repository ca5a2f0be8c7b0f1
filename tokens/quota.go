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

// put writes a new record, if its namespace and its owner may have another one.
func (s *Space) put(ctx context.Context, r store.Record) error {
	changes := []store.Change{store.Put{Record: r}}
	if s.limits.Quota > 0 {
		changes = append(changes, store.Quota{Kind: s.kind, Records: s.limits.Quota})
	}
	if s.limits.OwnerQuota > 0 && r.Owner != "" {
		changes = append(changes, store.Quota{Kind: s.kind, Owner: r.Owner, Records: s.limits.OwnerQuota})
	}
	err := s.engine.commit(ctx, changes...)
	if errors.Is(err, store.ErrQuota) && s.engine.room.make(ctx, s.engine.store) {
		err = s.engine.commit(ctx, changes...)
	}
	if errors.Is(err, store.ErrQuota) {
		return ErrQuota
	}
	return err
}

// room makes places free that expired tokens still take: to a quota they count until
// they are swept, and whoever is refused cannot wait for that.
type room struct {
	mu   sync.Mutex
	last time.Time
	made bool // by the last sweep
}

// Whoever asks for more than there is must not keep the store busy with sweeping.
const (
	roomEvery = 100 * time.Millisecond
	roomBatch = 1000
)

// make sweeps, unless that was done a moment ago, and reports whether something has gone,
// then or now.
func (r *room) make(ctx context.Context, s store.Store) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.last) >= roomEvery {
		swept, err := s.Sweep(ctx, roomBatch)
		r.last, r.made = time.Now(), err == nil && swept > 0
	}
	return r.made
}
