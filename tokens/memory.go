// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"crypto/subtle"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// memory keeps tokens that were read, so that reading them again asks no disk. Tokens
// whose reads are limited never come here. It never knows better than the store: a
// change forgets the token before it is answered, and a look into the store that began
// before the change is not kept.
type memory struct {
	shards [64]shard
	most   int // bytes of one shard
}

type shard struct {
	mu      sync.RWMutex
	warm    map[store.ID]warm
	size    int
	changes uint64
}

func newMemory(size int) *memory {
	m := &memory{}
	m.most = size / len(m.shards)
	return m
}

// The last byte of an ID is random.
func (m *memory) shard(id store.ID) *shard { return &m.shards[int(id[len(id)-1])%len(m.shards)] }

// find returns a copy of what a token stands for, if it is here, lives, and the secret
// is right.
func (m *memory) find(kind store.Kind, t *token, now time.Time) (Entry, bool) {
	if m.most == 0 {
		return Entry{}, false
	}
	s := m.shard(t.id)
	s.mu.RLock()
	w := s.warm[t.id]
	s.mu.RUnlock()
	if w == "" || w.kind() != kind {
		return Entry{}, false
	}
	e := w.entry()
	hash := t.hash()
	if e.expired(now) || subtle.ConstantTimeCompare(w.hash(), hash[:]) != 1 {
		return Entry{}, false
	}
	e.Data = w.data()
	return e, true
}

// begin is called before the store is asked for what is to be kept.
func (m *memory) begin(id store.ID) uint64 {
	s := m.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.changes
}

// fill keeps a copy of a record, unless something near it has changed since begin.
func (m *memory) fill(begun uint64, r *store.Record) {
	if len(r.Payload) > m.most || len(r.Secrets) != 1 {
		return
	}
	e, err := entry(r)
	if err != nil {
		return
	}
	w := newWarm(r, &e)
	if w.size() > m.most {
		return
	}
	s := m.shard(r.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes != begun || s.warm[r.ID] != "" {
		return
	}
	for id := range s.warm { // in no order
		if s.size+w.size() <= m.most {
			break
		}
		s.drop(id)
	}
	if s.warm == nil {
		s.warm = make(map[store.ID]warm)
	}
	s.warm[r.ID] = w
	s.size += w.size()
}

// forget is called after the store was changed, or may have been, and before anybody
// is told.
func (m *memory) forget(id store.ID) {
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	s.drop(id)
}

func (s *shard) drop(id store.ID) {
	if w, ok := s.warm[id]; ok {
		s.size -= w.size()
		delete(s.warm, id)
	}
}
