// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"strings"
	"sync"

	"github.com/gatehouse-sso/gatehouse/store"
	"go.etcd.io/bbolt"
)

// orderedFill is how full pages are left that keys are appended to in order:
// nearly full, since nothing comes in between, with room for a record that grows
// by the secret of another host.
const orderedFill = 0.9

// bucket is a bucket of a transaction or a snapshot.
type bucket struct {
	*bbolt.Bucket
	name    string
	log     *keyLog // nil, or where the keys are noted that change
	cursors sync.Pool
}

func newBucket(name []byte, b *bbolt.Bucket) *bucket {
	if string(name) != string(documentsBucket) && string(name) != string(countersBucket) {
		b.FillPercent = orderedFill
	}
	return &bucket{Bucket: b, name: string(name)}
}

// kind returns the kind whose records are in the bucket, if it is of that sort.
func (b *bucket) kind() (store.Kind, bool) {
	kind, ok := strings.CutPrefix(b.name, recordPrefix)
	return store.Kind(kind), ok
}

// Put writes a value.
func (b *bucket) Put(key, value []byte) error {
	b.log.note(b.name, key)
	return b.Bucket.Put(key, value)
}

// Delete removes a key. It is no error when there is none.
func (b *bucket) Delete(key []byte) error {
	b.log.note(b.name, key)
	return b.Bucket.Delete(key)
}

// find is Get with a cursor that is used again.
func (b *bucket) find(key []byte) []byte {
	c, ok := b.cursors.Get().(*bbolt.Cursor)
	if !ok {
		c = b.Cursor()
	}
	k, v := c.Seek(key)
	b.cursors.Put(c)
	if string(k) != string(key) {
		return nil
	}
	return v
}

// copyOf returns a copy of a value, or nil when there is none, nor a bucket.
func (b *bucket) copyOf(key []byte) []byte {
	if b == nil {
		return nil
	}
	k, v := b.Cursor().Seek(key)
	if string(k) != string(key) {
		return nil
	}
	return append(make([]byte, 0, len(v)), v...) // not nil, even when empty
}

// keyLog is which keys have changed, while somebody copies the file piece by piece.
// A key of a transaction that failed may be among them. It belongs to the writer.
type keyLog struct {
	keys map[string]map[string]struct{} // by bucket
	n    int
}

// note does nothing when nobody copies.
func (l *keyLog) note(bucket string, key []byte) {
	if l == nil {
		return
	}
	keys := l.keys[bucket]
	if keys == nil {
		keys = make(map[string]struct{})
		if l.keys == nil {
			l.keys = make(map[string]map[string]struct{})
		}
		l.keys[bucket] = keys
	}
	if _, known := keys[string(key)]; !known {
		keys[string(key)] = struct{}{}
		l.n++
	}
}

// take moves everything out of from.
func (l *keyLog) take(from *keyLog) {
	for bucket, keys := range from.keys {
		for key := range keys {
			l.note(bucket, []byte(key))
		}
	}
	*from = keyLog{}
}
