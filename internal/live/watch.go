// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"sync"
	"time"
)

const (
	// lookEvery is how often a session is looked at under which something moves, and
	// how late a stream may be cut.
	lookEvery = 500 * time.Millisecond
	// lookMost bounds how long nobody looks: the clock may jump, and the requests of
	// a session may be over. So often an active stream is a use, where the idle time is
	// not as short.
	lookMost = 10 * time.Second
)

// watched are the sessions under which a request may run for longer than a moment.
// A request that is over by then costs nothing here.
type watched struct {
	mu   sync.Mutex
	due  map[*Session]time.Time
	wake chan struct{}
}

// watch has the sessions looked at soon, and again as long as anything runs under them.
func (l *Live) watch(sessions ...*Session) {
	l.watched.mu.Lock()
	for _, s := range sessions {
		l.watched.due[s] = time.Time{}
	}
	l.watched.mu.Unlock()
	select {
	case l.watched.wake <- struct{}{}:
	default:
	}
}

// watchTies runs until Live is closed.
func (l *Live) watchTies() {
	for {
		var again <-chan time.Time
		if wait, any := l.lookAround(); any {
			again = time.After(wait)
		}
		select {
		case <-l.stopped.Done():
			return
		case <-again:
			continue
		case <-l.watched.wake:
		}
		select {
		case <-l.stopped.Done():
			return
		case <-time.After(lookEvery):
		}
	}
}

// lookAround looks at the sessions that are due, and returns when the next is, if
// there is any.
func (l *Live) lookAround() (wait time.Duration, any bool) {
	now := time.Now()
	for _, s := range l.due(now) {
		after, tied := l.look(s, now.Round(0))
		l.postpone(s, now.Add(after), tied)
	}
	l.watched.mu.Lock()
	defer l.watched.mu.Unlock()
	wait = lookMost
	for _, due := range l.watched.due {
		wait = min(wait, due.Sub(now))
	}
	return max(wait, lookEvery), len(l.watched.due) > 0
}

// due returns the sessions that are due and marks them as looked at.
func (l *Live) due(now time.Time) []*Session {
	l.watched.mu.Lock()
	defer l.watched.mu.Unlock()
	var all []*Session
	for s, due := range l.watched.due {
		if !due.After(now) {
			all = append(all, s)
			l.watched.due[s] = now
		}
	}
	return all
}

// postpone takes a session under which nothing runs off the list, unless somebody has
// put it there since it was looked at.
func (l *Live) postpone(s *Session, due time.Time, tied bool) {
	l.watched.mu.Lock()
	defer l.watched.mu.Unlock()
	switch {
	case l.watched.due[s].IsZero():
	case tied:
		l.watched.due[s] = due
	default:
		delete(l.watched.due, s)
	}
}

// look counts what has moved under a session as a use, cuts the streams of one whose
// time is over, and returns after how long to look again, if anything runs.
func (l *Live) look(s *Session, now time.Time) (after time.Duration, tied bool) {
	s.mu.Lock()
	used := s.usedSince(now)
	seen := s.Seen()
	if used && now.After(seen) {
		seen = now
	}
	over, after := s.expiring(seen, now)
	tied = len(s.ties) > 0
	s.mu.Unlock()
	if used {
		l.touch(s, now)
	}
	for _, t := range over {
		t.Cut(ErrExpired)
	}
	return after, tied
}

// usedSince reports whether anything that runs is a use of the session which was not
// over before. It is called under mu.
func (s *Session) usedSince(now time.Time) (used bool) {
	seen, then := s.Seen(), s.looked
	s.looked = now
	for _, t := range s.ties {
		t.bits.Or(noticed)
		if t.isStream() && now.Sub(seen) < t.useEvery() {
			// Not at each look, since a use leads to the next.
			continue
		}
		used = t.uses(seen, then, now) || used
	}
	return used
}

// useEvery returns how often a stream is a use of its session, if it is one.
func (t *Tie) useEvery() time.Duration {
	if idle := t.session.state.Load().IdleLimit(t.Terms.Limits); idle > 0 {
		return min(lookMost, idle/2)
	}
	return lookMost
}

// uses reports whether the request is a use of a session that was seen last at seen
// and looked at last at then.
func (t *Tie) uses(seen, then, now time.Time) bool {
	switch stream := t.isStream(); {
	case t.Terms.Passive:
		return false
	case stream && t.Terms.Active:
		then = now
	case stream || t.bits.And(^moved)&moved == 0:
		return false
	case seen.After(then):
		// What has moved has moved at some time since then.
		then = seen
	}
	return !t.session.state.Load().Expired(seen, t.Terms.Limits, then)
}

// lastUse counts what a request was to its session until it was over.
func (l *Live) lastUse(t *Tie, now time.Time) {
	s := t.session
	s.mu.Lock()
	used := t.uses(s.Seen(), s.looked, now)
	s.mu.Unlock()
	if used {
		l.touch(s, now)
	}
}

// expiring returns the streams that are over, and when to look for others. It is
// called under mu.
func (s *Session) expiring(seen, now time.Time) (over []*Tie, after time.Duration) {
	state := s.state.Load()
	after = lookMost
	for _, t := range s.ties {
		switch stream := t.isStream(); {
		case t.IsCut():
		case stream && state.Expired(seen, t.Terms.Limits, now):
			over = append(over, t)
		case !stream && t.Terms.Passive:
		case !stream || t.bits.Load()&begun == 0:
			// It moves, or may begin to.
			after = lookEvery
		default:
			if t.Terms.Active {
				after = min(after, t.useEvery())
			}
			if end := state.End(seen, t.Terms.Limits); !end.IsZero() {
				after = min(after, end.Sub(now))
			}
		}
	}
	return over, after
}
