// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Session is a session in memory, shared by all requests under it.
type Session struct {
	// ID is the session's selector.
	ID store.ID

	live   *Live
	person *person
	state  atomic.Pointer[session.Session]
	// seen is the last use in milliseconds, ahead of the store by up to a second.
	seen    atomic.Int64
	touched atomic.Bool
	ended   atomic.Bool

	prepared atomic.Pointer[[]prepared]

	mu      sync.Mutex
	ties    []*Tie
	evicted bool
	// looked is when the ties were looked at last.
	looked time.Time
}

// prepared is what the gate of one app has made ready for this session.
type prepared struct {
	app   string
	value any
}

// State returns the session as it is now.
func (s *Session) State() *session.Session { return s.state.Load() }

// Seen returns when the session was last used.
func (s *Session) Seen() time.Time { return time.UnixMilli(s.seen.Load()) }

// Prepared returns what Prepare kept for the app, or nil. Whether it still holds
// is for the caller to know.
func (s *Session) Prepared(app string) any {
	all := s.prepared.Load()
	if all == nil {
		return nil
	}
	for i := range *all {
		if (*all)[i].app == app {
			return (*all)[i].value
		}
	}
	return nil
}

// Prepare keeps a value for the app, in place of the one before.
func (s *Session) Prepare(app string, value any) {
	for {
		old := s.prepared.Load()
		fresh := []prepared{{app, value}}
		if old != nil {
			for _, p := range *old {
				if p.app != app {
					fresh = append(fresh, p)
				}
			}
		}
		if s.prepared.CompareAndSwap(old, &fresh) {
			return
		}
	}
}

// use notes when the session was used. Clocks may go back, last-seen does not.
func (s *Session) use(at time.Time) {
	ms := at.UnixMilli()
	for {
		seen := s.seen.Load()
		if ms <= seen || s.seen.CompareAndSwap(seen, ms) {
			return
		}
	}
}

// refresh takes a newer state; an older one is passed over.
func (s *Session) refresh(state *session.Session) {
	for {
		old := s.state.Load()
		if old.Version >= state.Version || s.state.CompareAndSwap(old, state) {
			return
		}
	}
}

// end refuses the session from now on and cancels what runs under it.
func (s *Session) end() {
	s.ended.Store(true)
	s.mu.Lock()
	ties := s.ties
	s.ties = nil
	s.mu.Unlock()
	for _, t := range ties {
		t.Cut(ErrEnded)
	}
}
