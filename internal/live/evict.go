// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"cmp"
	"slices"

	"github.com/puzpuzpuz/xsync/v4"

	"github.com/gatehouse-sso/gatehouse/store"
)

// evict makes room when more sessions are in memory than Capacity allows. It
// runs rarely, since it makes a tenth of the room at once or waits for a tenth
// more, and never drops a session that a request runs under or whose last use is
// not written, nor the newcomer for whom the room is made.
func (l *Live) evict(newcomer *Session) {
	if l.sessions.Size() <= int(l.full.Load()) || !l.evicting.TryLock() {
		return
	}
	defer l.evicting.Unlock()
	type candidate struct {
		id   store.ID
		seen int64
	}
	var all []candidate
	l.sessions.Range(func(id store.ID, s *Session) bool {
		if s != newcomer {
			all = append(all, candidate{id, s.seen.Load()})
		}
		return true
	})
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(a.seen, b.seen) })
	room := len(all) + 1 - l.options.Capacity + l.options.Capacity/10
	for _, c := range all[:max(0, min(room, len(all)))] {
		l.sessions.Compute(c.id, func(s *Session, loaded bool) (*Session, xsync.ComputeOp) {
			if !loaded || !s.leave() {
				return s, xsync.CancelOp
			}
			return nil, xsync.DeleteOp
		})
	}
	l.full.Store(int64(max(l.options.Capacity, l.sessions.Size()+l.options.Capacity/10)))
	l.forgetPeople()
}

// leave reports whether the session may go, and if so lets no request tie
// itself to it any more.
func (s *Session) leave() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ties) > 0 || s.touched.Load() {
		return false
	}
	s.evicted = true
	return true
}

// forgetPeople drops the users that no session in memory refers to. A session
// that is being filled may still hold one of them; it would not be told of a
// change, so the person is marked changed for good and is looked up each time.
func (l *Live) forgetPeople() {
	used := make(map[string]bool)
	l.sessions.Range(func(_ store.ID, s *Session) bool {
		used[s.person.id] = true
		return true
	})
	l.people.Range(func(id string, _ *person) bool {
		if !used[id] {
			l.people.Compute(id, func(p *person, loaded bool) (*person, xsync.ComputeOp) {
				if loaded {
					p.retire()
				}
				return nil, xsync.DeleteOp
			})
		}
		return true
	})
}
