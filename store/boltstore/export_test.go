// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import "time"

// OpenBusy opens a file whose index by owner is written all the time.
func OpenBusy(path string) (*Store, error) {
	return Open(path, Options{runEntries: 300, lateness: time.Millisecond})
}

// RecentOwned returns how many entries of the index by owner are in memory alone.
func (s *Store) RecentOwned() int { return s.owners.size() }
