// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"crypto/subtle"
	"encoding/binary"
	"math"
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

// warm is a token in memory, in one piece: among a million of them, to come from one
// piece to another costs more than to take one apart.
//
//	32 hash of the secret
//	 8 when the token ends, in Unix milliseconds, or never
//	 8 when it was written, in Unix milliseconds
//	   length of kind (1), kind, data
type warm string

const (
	warmHead = 32 + 8 + 8 + 1
	never    = math.MaxInt64
)

func newWarm(r *store.Record, e *Entry) warm {
	expires := int64(never)
	if !e.Expires.IsZero() {
		expires = e.Expires.UnixMilli()
	}
	w := make([]byte, 0, warmHead+len(r.Kind)+len(e.Data))
	w = append(w, r.Secrets[0].Hash[:]...)
	w = binary.BigEndian.AppendUint64(w, uint64(expires))
	w = binary.BigEndian.AppendUint64(w, uint64(e.Written.UnixMilli()))
	w = append(append(w, byte(len(r.Kind))), r.Kind...)
	return warm(append(w, e.Data...))
}

func (w warm) kind() store.Kind { return store.Kind(w[warmHead:][:w[warmHead-1]]) }

// entry returns what the token stands for, without its data.
func (w warm) entry() (e Entry) {
	if expires := w.time(32); expires != never {
		e.Expires = time.UnixMilli(expires).UTC()
	}
	e.Written = time.UnixMilli(w.time(40)).UTC()
	return e
}

func (w warm) time(at int) int64 {
	return int64(binary.BigEndian.Uint64([]byte(w[at : at+8])))
}

// place is about what a token takes in the table, in bytes.
const place = 64

func (w warm) size() int { return len(w) + place }

func (w warm) data() []byte { return []byte(w[warmHead+len(w.kind()):]) }

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
	if e.expired(now) || subtle.ConstantTimeCompare([]byte(w[:len(hash)]), hash[:]) != 1 {
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
