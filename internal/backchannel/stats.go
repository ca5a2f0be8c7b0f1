// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"slices"
	"strings"
	"time"
)

// Stats is how it goes with one app. Counters begin when the store was opened.
type Stats struct {
	App string
	// Waiting is how many messages the app has not taken yet.
	Waiting int
	// Told is how many it has taken, Refused how many it would not act on.
	Told, Refused uint64
	// Failed is how many attempts had no good answer; each is made again.
	Failed uint64
	// Lost is how many messages were given up, or not queued since too many waited.
	Lost uint64
	// Failing is how often in a row the app did not answer, and Next when it is
	// asked again; zero while it answers.
	Failing int
	Next    time.Time
}

// Stats returns how it goes with each app that is to be told, or was, by name.
func (s *Sender) Stats() []Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Stats, 0, len(s.lanes))
	for _, l := range s.lanes {
		stats := l.stats
		stats.Waiting = len(l.waiting) + l.sending
		stats.Failing, stats.Next = l.failures, l.until
		all = append(all, stats)
	}
	slices.SortFunc(all, func(a, b Stats) int { return strings.Compare(a.App, b.App) })
	return all
}

// count changes what is known of an app.
func (s *Sender) count(app string, change func(*lane)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.lane(app))
}

func (s *Sender) lost(app string) { s.count(app, func(l *lane) { l.stats.Lost++ }) }
