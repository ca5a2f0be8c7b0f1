// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"hash/maphash"
	"sync"

	"github.com/gatehouse-sso/gatehouse/store"
)

// stripes are locks by ID. Two IDs may share one.
type stripes struct {
	once  sync.Once
	seed  maphash.Seed
	locks [64]sync.Mutex
}

// lock waits for the lock of an ID and returns it, held.
func (s *stripes) lock(id *store.ID) *sync.Mutex {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	l := &s.locks[maphash.Bytes(s.seed, id[:])%uint64(len(s.locks))]
	l.Lock()
	return l
}
