// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/gatehouse-sso/gatehouse/store"
)

// The index by owner says which records an owner may have. It is derived: every
// stored record with an owner has an entry, and an entry whose record is gone or has
// another owner is passed over. An entry written at once, at a random place, would
// cost more than the record itself, so entries gather in memory and are written as a
// run, many at once and in order. After a start the entries that were only in memory
// are found again by looking at the records that are newer than the mark.
//
//	bucket "owners:" + kind   run (4), hash of owner (8), ID → nothing
//	bucket "gatehouse"        "owners" → mark: ms (8)
//
// Run 0 holds strays: records put with an ID that is not newer than the mark (the
// clock was set back, an owner has changed). They are written at once.
const ownersPrefix = "owners:"

var markKey = []byte("owners")

const (
	runSize   = 4
	ownedSize = 8 + 16
	strays    = 0
)

// owned is an entry: the hash of an owner and the ID of a record.
type owned [ownedSize]byte

func newOwned(owner string, id store.ID) (e owned) {
	hash := sha256.Sum256([]byte(owner))
	copy(e[:8], hash[:])
	copy(e[8:], id[:])
	return e
}

func (e owned) id() store.ID { return store.ID(e[8:]) }

// ms returns the time of the ID.
func (e owned) ms() int64 {
	return int64(binary.BigEndian.Uint64(e[8:]) >> 16)
}

func compareOwned(a, b owned) int { return bytes.Compare(a[:], b[:]) }

// key returns the entry as a key of a run.
func (e owned) key(run uint32) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, runSize+ownedSize), run), e[:]...)
}

func ownersBucket(kind store.Kind) []byte { return append([]byte(ownersPrefix), kind...) }

// owners is the part of the index that is in memory.
type owners struct {
	mu      sync.RWMutex
	recent  map[store.Kind][]owned
	merging map[store.Kind][]owned // being written, and not yet to be found in the file
	n       int                    // of recent
	run     int                    // how many are enough for a run
	left    int                    // of n, what was left when a run was written last

	mark int64 // the writer's; an ID of this time, in ms, or an older one is a stray
}

func (o *owners) add(kind store.Kind, e owned) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.recent == nil {
		o.recent = make(map[store.Kind][]owned)
	}
	o.recent[kind] = append(o.recent[kind], e)
	o.n++
}

func (o *owners) size() int {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.n
}

// after returns what is in memory of an owner's IDs that are greater than from's.
// Ask before the file is looked at: entries move from here to there.
func (o *owners) after(kind store.Kind, from owned) (ids []store.ID) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	hash := binary.BigEndian.Uint64(from[:])
	for _, list := range [][]owned{o.recent[kind], o.merging[kind]} {
		for i := range list {
			if e := &list[i]; binary.BigEndian.Uint64(e[:]) == hash && compareOwned(*e, from) > 0 {
				ids = append(ids, e.id())
			}
		}
	}
	return ids
}

// take moves entries that are not newer than mark out of recent.
func (o *owners) take(mark int64) map[store.Kind][]owned {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.merging = make(map[store.Kind][]owned)
	o.n = 0
	for kind, list := range o.recent {
		old, stay := make([]owned, 0, o.run), list[:0]
		for _, e := range list {
			if e.ms() <= mark {
				old = append(old, e)
			} else {
				stay = append(stay, e)
			}
		}
		o.merging[kind], o.recent[kind] = old, stay
		o.n += len(stay)
	}
	return o.merging
}

// taken ends what take began; with failed the entries go back.
func (o *owners) taken(failed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if failed {
		for kind, list := range o.merging {
			o.recent[kind] = append(o.recent[kind], list...)
			o.n += len(list)
		}
	}
	o.merging = nil
	o.left = o.n
}

// due returns how many entries in memory are enough for a run. What could not be
// written last time does not count.
func (o *owners) due() int {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.left + o.run
}

// own notes that a record has come to an owner.
func (t *txn) own(kind store.Kind, owner string, id store.ID) error {
	e := newOwned(owner, id)
	if e.ms() > t.owners.mark {
		t.owners.add(kind, e)
		return nil
	}
	b, err := t.makeBucket(ownersBucket(kind))
	if err != nil {
		return err
	}
	return b.Put(e.key(strays), nil)
}

// ownedAtOnce is how many IDs of one run are looked at for one page of a list.
const ownedAtOnce = 4096

// ownedAfter returns IDs in order that the owner of from may have, all greater than
// from's: those in recent, and those in the file. When there are more than last it
// is not zero.
func (t *txn) ownedAfter(kind store.Kind, from owned, recent []store.ID) (ids []store.ID, last store.ID) {
	ids = recent
	b := t.bucket(ownersBucket(kind))
	if b != nil {
		c := b.Cursor()
		for _, run := range b.runs() {
			n := 0
			for k, _ := seekAfter(c, nil, from.key(run)); k != nil && bytes.HasPrefix(k, from.key(run)[:runSize+8]); k, _ = c.Next() {
				id := store.ID(k[runSize+8:])
				ids = append(ids, id)
				if n++; n == ownedAtOnce {
					if last.IsZero() || bytes.Compare(id[:], last[:]) < 0 {
						last = id
					}
					break
				}
			}
		}
	}
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	if !last.IsZero() {
		n, _ := slices.BinarySearchFunc(ids, last, compareIDs)
		ids = ids[:n+1]
	}
	return ids, last
}

func compareIDs(a, b store.ID) int { return bytes.Compare(a[:], b[:]) }

// owns reports whether a record is stored, expired or not, and belongs to the owner
// of an entry.
func (t *txn) owns(kind store.Kind, e owned) bool {
	value := t.record(kind, e.id())
	return value != nil && newOwned(string(ownerOf(value)), e.id()) == e
}

// find finds the entries that are in no run, from the records that are newer
// than the mark.
func (o *owners) find(t *txn) error {
	o.mark = -1
	if value := t.bucket(metaBucket).Get(markKey); len(value) == 8 {
		o.mark = int64(binary.BigEndian.Uint64(value))
	}
	from := firstID(o.mark + 1)
	return t.each(func(b *bucket) {
		kind, ok := b.kind()
		if !ok {
			return
		}
		c := b.Cursor()
		for k, v := c.Seek(from[:]); k != nil; k, v = c.Next() {
			if owner := ownerOf(v); len(owner) > 0 && len(k) == len(from) {
				o.add(kind, newOwned(string(owner), store.ID(k)))
			}
		}
	})
}

// firstID returns the least ID of a time in ms.
func firstID(ms int64) (id store.ID) {
	binary.BigEndian.PutUint16(id[0:], uint16(ms>>32))
	binary.BigEndian.PutUint32(id[2:], uint32(ms))
	return id
}
