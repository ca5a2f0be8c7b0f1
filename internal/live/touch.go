// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// touchEvery is how long uses of sessions gather before they are written. It is
// what a crash may cost: up to a second of a session's last-seen.
const touchEvery = time.Second

// touches are the sessions used since the last write.
type touches struct {
	mu      sync.Mutex
	pending []*Session
	wake    chan struct{}
}

// touch notes a use. No request waits for it, and only the first within a
// second takes a lock.
func (l *Live) touch(s *Session, now time.Time) {
	ms := now.UnixMilli()
	for {
		seen := s.seen.Load()
		if ms <= seen || s.seen.CompareAndSwap(seen, ms) {
			break
		}
	}
	if s.touched.Load() || !s.touched.CompareAndSwap(false, true) {
		return
	}
	l.touches.mu.Lock()
	first := len(l.touches.pending) == 0
	l.touches.pending = append(l.touches.pending, s)
	l.touches.mu.Unlock()
	if first {
		select {
		case l.touches.wake <- struct{}{}:
		default:
		}
	}
}

// writeTouches runs until Live is closed.
func (l *Live) writeTouches() {
	for {
		select {
		case <-l.stopped.Done():
			l.flush(context.Background())
			return
		case <-l.touches.wake:
		}
		select {
		case <-l.stopped.Done():
		case <-time.After(touchEvery):
		}
		l.flush(context.Background())
	}
}

// flush writes what is pending. What cannot be written is not tried again: the
// next use of the session is.
func (l *Live) flush(ctx context.Context) {
	l.touches.mu.Lock()
	pending := l.touches.pending
	l.touches.pending = nil
	l.touches.mu.Unlock()
	if len(pending) == 0 {
		return
	}
	seen := make(map[store.ID]time.Time, len(pending))
	for _, s := range pending {
		// A use after this line is noted anew, one before it is in seen.
		s.touched.Store(false)
		if !s.ended.Load() {
			seen[s.ID] = s.Seen()
		}
	}
	if len(seen) == 0 {
		return
	}
	if err := l.Store.Touch(ctx, session.Kind, seen); err != nil {
		l.options.OnError(fmt.Errorf("writing last-seen of %d sessions: %w", len(seen), err))
	}
}

// Sweep writes what is pending, so that no session in use looks idle, and
// sweeps the store.
func (l *Live) Sweep(ctx context.Context, limit int) (int, error) {
	l.flush(ctx)
	return l.Store.Sweep(ctx, limit)
}
