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
	s.use(now)
	l.note(s)
}

// note makes a session wait for the next write.
func (l *Live) note(s *Session) {
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
	pause := touchEvery
	for {
		select {
		case <-l.stopped.Done():
		case <-l.touches.wake:
		}
		select {
		case <-l.stopped.Done():
			ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
			defer cancel()
			if err := l.flush(ctx); err != nil {
				l.options.OnError(fmt.Errorf("closing: %w", err))
			}
			return
		case <-time.After(pause):
		}
		pause = touchEvery
		if err := l.flush(l.stopped); err != nil {
			l.options.OnError(err)
			pause = retryMost
		}
	}
}

// flush writes what is pending. What the store does not take waits for the next
// time, so that nobody who was here while it could not write looks idle afterwards.
func (l *Live) flush(ctx context.Context) error {
	l.evicting.Lock()
	defer l.evicting.Unlock()
	l.touches.mu.Lock()
	pending := l.touches.pending
	l.touches.pending = nil
	l.touches.mu.Unlock()
	if len(pending) > 0 {
		// A request that brought one of them here may still run.
		l.watch(pending...)
	}
	seen := make(map[store.ID]time.Time, len(pending))
	for _, s := range pending {
		// A use after this line is noted anew, one before it is in seen.
		s.touched.Store(false)
		if at := s.Seen(); !s.ended.Load() && at.After(seen[s.ID]) {
			seen[s.ID] = at
		}
	}
	if len(seen) == 0 {
		return nil
	}
	err := l.Store.Touch(ctx, session.Kind, seen)
	if err == nil {
		return nil
	}
	for _, s := range pending {
		if !s.ended.Load() {
			l.note(s)
		}
	}
	return fmt.Errorf("writing last-seen of %d sessions: %w", len(seen), err)
}

// Sweep writes what is pending, so that no session in use looks idle, and sweeps
// the store. While the one fails the other does not happen.
func (l *Live) Sweep(ctx context.Context, limit int) (int, error) {
	if err := l.flush(ctx); err != nil {
		return 0, err
	}
	return l.Store.Sweep(ctx, limit)
}
