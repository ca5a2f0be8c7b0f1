// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"hash/maphash"
	"sync"
)

// stripes are locks by name. Two names may share one.
type stripes struct {
	once  sync.Once
	seed  maphash.Seed
	locks [64]sync.Mutex
}

// lock waits for the lock of a name and returns what unlocks it.
func (s *stripes) lock(name string) (unlock func()) {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	l := &s.locks[maphash.String(s.seed, name)%uint64(len(s.locks))]
	l.Lock()
	return l.Unlock
}
