// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"time"
)

// OpenBusy opens a file whose index by owner is written all the time.
func OpenBusy(path string) (*Store, error) {
	return Open(path, Options{runEntries: 300, lateness: time.Millisecond})
}

// RecentOwned returns how many entries of the index by owner are in memory alone.
func (s *Store) RecentOwned() int { return s.owners.size() }

// Stall has the writer wait until go on is called, as it does for a disk that hangs. It
// answers nobody, so that nobody who would be answered early waits on its account.
func (s *Store) Stall() (goOn func()) {
	waiting, over := make(chan struct{}), make(chan struct{})
	s.queue.push(&job{ctx: context.Background(), at: time.Now(), plan: func(*txn) (func() (int, error), error) {
		close(waiting)
		<-over
		return nil, nil
	}})
	<-waiting
	return func() { close(over) }
}

// MostPending is how much is answered before it is written, in bytes.
const MostPending = mostPending

// Waiting returns how many calls wait for the disk.
func (s *Store) Waiting() int { return int(s.pending.durable.Load()) }
