// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"cmp"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// lane is what waits for one app. An app that fails is asked about one message at
// a time, after a pause that grows, however many wait for it.
type lane struct {
	app     string
	waiting []*entry // by due
	sending int

	failures int
	until    time.Time

	stats Stats
}

// entry is a message in memory.
type entry struct {
	id       store.ID
	due      time.Time
	attempts int
}

// add puts an entry where its time is.
func (l *lane) add(e *entry) {
	at, _ := slices.BinarySearchFunc(l.waiting, e, func(a, b *entry) int {
		return cmp.Or(a.due.Compare(b.due), -1) // behind those of the same time
	})
	l.waiting = slices.Insert(l.waiting, at, e)
}

// next returns when the lane has something to send, and zero while it has not, or
// while as much is on its way as may be.
func (l *lane) next(most int) time.Time {
	if l.failures > 0 {
		most = 1
	}
	if len(l.waiting) == 0 || l.sending >= most {
		return time.Time{}
	}
	if due := l.waiting[0].due; due.After(l.until) {
		return due
	}
	return l.until
}

// lane returns the lane of an app; the caller holds mu.
func (s *Sender) lane(app string) *lane {
	l := s.lanes[app]
	if l == nil {
		l = &lane{app: app, stats: Stats{App: app}}
		s.lanes[app] = l
	}
	return l
}

// full reports whether no more can wait for an app.
func (s *Sender) full(app string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lane(app)
	return len(l.waiting)+l.sending >= s.limits.Queue
}

// note takes a message that is in the store into memory.
func (s *Sender) note(m message) {
	now := time.Now()
	due := time.UnixMilli(m.Due)
	if m.Due == 0 || due.Sub(now) > s.limits.longest() {
		due = now // new, or of a clock that was set back
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.known[m.ID]; known {
		return
	}
	s.known[m.ID] = struct{}{}
	s.lane(m.App).add(&entry{m.ID, due, m.Attempts})
}

// job is one attempt to tell one app.
type job struct {
	*entry
	lane   *lane
	app    App
	host   string
	config *configured
}

// take returns what is to be sent at now, and when there will be more. Zero means
// not before something changes.
func (s *Sender) take(now time.Time) (jobs []job, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.last()
	if c == nil || len(c.Apps) == 0 {
		return nil, time.Time{}
	}
	s.turn++ // nobody is always the first where several apps share a host
	for i := range c.Apps {
		i = (i + s.turn) % len(c.Apps)
		l := s.lane(c.Apps[i].Name)
		for s.onTheWay[c.hosts[i]] < s.limits.PerHost {
			at := l.next(s.limits.PerHost)
			if at.IsZero() {
				break
			}
			if at.After(now) {
				if next.IsZero() || at.Before(next) {
					next = at
				}
				break
			}
			jobs = append(jobs, job{l.waiting[0], l, c.Apps[i], c.hosts[i], c})
			l.waiting = slices.Delete(l.waiting, 0, 1)
			l.sending++
			s.onTheWay[c.hosts[i]]++
		}
	}
	return jobs, next
}

// settle takes a job back: to be tried again at a time, or done with when that is zero.
func (s *Sender) settle(j job, again time.Time) {
	s.mu.Lock()
	j.lane.sending--
	if s.onTheWay[j.host]--; s.onTheWay[j.host] == 0 {
		delete(s.onTheWay, j.host)
	}
	if again.IsZero() {
		delete(s.known, j.id)
	} else {
		j.due = again
		j.lane.add(j.entry)
	}
	s.mu.Unlock()
	s.Wake()
}

// stale takes out of memory what has waited for too long in vain: tried before,
// for an app that does not answer or that is not configured any more.
func (s *Sender) stale(now time.Time) map[string][]*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.last()
	if c == nil {
		return nil // who would be told is not known
	}
	found := make(map[string][]*entry)
	for name, l := range s.lanes {
		hopeless := l.failures > 0 || !slices.ContainsFunc(c.Apps, func(a App) bool { return a.Name == name })
		l.waiting = slices.DeleteFunc(l.waiting, func(e *entry) bool {
			old := now.Sub(e.id.Time()) >= s.limits.MaxAge && (hopeless || e.attempts > 0)
			if old {
				found[name] = append(found[name], e)
				delete(s.known, e.id)
			}
			return old
		})
	}
	return found
}
