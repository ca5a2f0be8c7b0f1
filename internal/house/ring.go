// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"context"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

const (
	// maintainMost and maintainLeast bound the time between two looks at the
	// keys; the clock may jump, and an error is tried again.
	maintainMost  = time.Hour
	maintainLeast = time.Minute
)

// Ring opens the key ring on the schedule of one configuration and keeps it
// maintained until ctx ends or the house is closed. Several configurations, and
// several nodes, may maintain one ring: each change is a compare-and-swap.
func (h *House) Ring(ctx context.Context, schedule keyring.Schedule, algorithms ...keyring.Algorithm) (*keyring.Ring, error) {
	ring, err := keyring.Open(ctx, h.Live, schedule, h.logger)
	if err != nil {
		return nil, err
	}
	if err := ring.Ensure(ctx, algorithms...); err != nil {
		return nil, err
	}
	h.mu.Lock()
	h.rings[ring] = struct{}{}
	h.mu.Unlock()
	h.work.Go(func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(h.open, cancel)()
		h.maintain(ctx, ring)
		h.mu.Lock()
		delete(h.rings, ring)
		h.mu.Unlock()
	})
	return ring, nil
}

// maintain rotates keys when they are due.
func (h *House) maintain(ctx context.Context, ring *keyring.Ring) {
	for {
		now := time.Now()
		next, err := ring.Maintain(ctx, now)
		pause := min(max(next.Sub(now), maintainLeast), maintainMost)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			h.logger.Error("cannot maintain the signing keys", zap.Error(err))
			pause = maintainLeast
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// followKeys tells the rings of all configurations when the keys have changed.
// It does so on its own goroutine: a ring that writes is told of its own change
// while it still waits for the write.
func (h *House) followKeys(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.keysChanged:
		}
		for _, ring := range h.allRings() {
			if err := ring.Reload(ctx); err != nil && ctx.Err() == nil {
				h.logger.Error("cannot read the signing keys", zap.Error(err))
			}
		}
	}
}

func (h *House) allRings() []*keyring.Ring {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.rings))
}
