// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/store"
)

// lookEvery is how often the store is searched for messages that others have
// queued and did not send: a node that is gone, or this one before a restart.
const lookEvery = time.Minute

// Run sends what is queued until ctx ends, and returns when nothing is on its way
// any more. What was on its way then is sent again later.
func (s *Sender) Run(ctx context.Context) {
	var sends sync.WaitGroup
	defer sends.Wait()
	var look time.Time
	for ctx.Err() == nil {
		now := time.Now()
		if !now.Before(look) {
			s.look(ctx, now)
			look = now.Add(lookEvery)
		}
		jobs, next := s.take(now)
		for _, j := range jobs {
			sends.Go(func() { s.settle(j, s.attempt(ctx, j)) })
		}
		if next.IsZero() || look.Before(next) {
			next = look
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// look takes what the store holds into memory, and gives up what is too old.
func (s *Sender) look(ctx context.Context, now time.Time) {
	for record, err := range s.store.List(ctx, Kind, store.Filter{}) {
		if err != nil {
			s.report(ctx, fmt.Errorf("looking for logouts that apps are to be told of: %w", err))
			break
		}
		m, err := decode(record)
		if err != nil {
			s.report(ctx, err)
			s.remove(ctx, record.ID, record.Version)
			continue
		}
		s.note(m)
	}
	for app, entries := range s.stale(now) {
		gone := 0
		for _, e := range entries {
			if s.remove(ctx, e.id, 0) {
				gone++
			}
		}
		if gone > 0 {
			s.count(app, func(l *lane) { l.stats.Lost += uint64(gone) })
			s.record(audit.Event{Kind: audit.BackchannelFailed, App: app, Count: gone,
				Reason: fmt.Sprintf("given up: not answered within %s", s.limits.MaxAge)})
		}
	}
}

// remove takes a message out of the store and reports whether it was there. One
// that could not be removed is found again.
func (s *Sender) remove(ctx context.Context, id store.ID, version uint64) bool {
	err := s.store.Commit(ctx, store.Delete{Kind: Kind, ID: id, Version: version})
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrConflict) {
		s.report(ctx, fmt.Errorf("removing %s %s: %w", Kind, id, err))
	}
	return err == nil
}

// report tells of an error, unless it comes from the end of the work.
func (s *Sender) report(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.onError(err)
	}
}
