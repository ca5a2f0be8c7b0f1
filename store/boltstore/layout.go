// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"go.etcd.io/bbolt"
)

// The layout of the file, format 2. Numbers are big endian.
//
//	bucket "gatehouse"      "format"              → "2"
//	bucket "record:" + kind ID                    → see codec.go
//	bucket "documents"      name                  → 1, version (8), data
//	bucket "counters"       name                  → 1, end in ns (8), sum (8)
//	bucket "expiry"         time in ms (8), shape → nothing
//	                        'r', ID, kind   or   'c', name
//	bucket "owners:" + kind see owners.go
//
// A record has at most one entry in "expiry", and the record says under which
// time. That time is never later than the record's end, but may be earlier: a
// touch moves the end and leaves the entry alone, which would otherwise be a
// second write for each. Whoever sweeps finds the entry due, sees the real end
// and puts the entry there.
var (
	metaBucket      = []byte("gatehouse")
	documentsBucket = []byte("documents")
	countersBucket  = []byte("counters")
	expiryBucket    = []byte("expiry")
	formatKey       = []byte("format")
)

const (
	recordPrefix = "record:"

	shapeRecord  = 'r'
	shapeCounter = 'c'
)

// never is the end of what does not end, and stands for "not in the index".
const never = math.MaxInt64

// txn is a transaction with its buckets at hand, or a snapshot.
type txn struct {
	now     time.Time
	snap    *snapshot
	tx      *bbolt.Tx // when there is no snapshot
	buckets map[string]*bucket
	log     *keyLog  // of a writer, while somebody copies the file
	pending *pending // locked, for who looks at both
	owners  *owners  // of a writer
	counts  counts   // of a writer
	more    counts   // by how much this transaction changes counts
}

func newTxn(tx *bbolt.Tx) *txn { return &txn{tx: tx, now: time.Now()} }

// bucket returns a bucket, or nil when there is none. Only writers keep it at
// hand: they come back to it, a reader asks once.
func (t *txn) bucket(name []byte) *bucket {
	if t.snap != nil {
		return t.snap.buckets[string(name)]
	}
	if b, ok := t.buckets[string(name)]; ok {
		return b
	}
	b := t.tx.Bucket(name)
	if b == nil {
		return nil
	}
	return t.keep(name, b)
}

func (t *txn) keep(name []byte, b *bbolt.Bucket) *bucket {
	kept := newBucket(name, b)
	kept.log = t.log
	if t.tx.Writable() {
		if t.buckets == nil {
			t.buckets = make(map[string]*bucket)
		}
		t.buckets[kept.name] = kept
	}
	return kept
}

// each calls fn with every bucket.
func (t *txn) each(fn func(b *bucket)) error {
	if t.snap != nil {
		for _, b := range t.snap.buckets {
			fn(b)
		}
		return nil
	}
	return t.tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		fn(newBucket(name, b))
		return nil
	})
}

func (t *txn) documents() *bucket { return t.bucket(documentsBucket) }
func (t *txn) counters() *bucket  { return t.bucket(countersBucket) }
func (t *txn) expiry() *bucket    { return t.bucket(expiryBucket) }

// records returns the bucket of a kind, or nil when nothing was ever put there.
func (t *txn) records(kind store.Kind) *bucket {
	at := t.buckets
	if t.snap != nil {
		at = t.snap.buckets
	}
	var name [len(recordPrefix) + store.MaxKind]byte // on the stack
	if b := at[string(append(append(name[:0], recordPrefix...), kind...))]; b != nil || t.snap != nil {
		return b
	}
	return t.bucket(recordBucket(kind))
}

func recordBucket(kind store.Kind) []byte { return append([]byte(recordPrefix), kind...) }

// makeBucket returns a bucket and makes it when it is missing.
func (t *txn) makeBucket(name []byte) (*bucket, error) {
	if b := t.bucket(name); b != nil {
		return b, nil
	}
	b, err := t.tx.CreateBucket(name)
	if err != nil {
		return nil, err
	}
	return t.keep(name, b), nil
}

// record returns the stored bytes of a record, live or expired, or nil. They
// belong to the transaction.
func (t *txn) record(kind store.Kind, id store.ID) []byte {
	if t.pending != nil {
		if r, found := t.pending.records[recordKey{kind, id}]; found {
			return r.value
		}
	}
	if b := t.records(kind); b != nil {
		return b.find(id[:])
	}
	return nil
}

// lookup returns the head of a live record. ok is false when there is none.
func (t *txn) lookup(kind store.Kind, id store.ID) (value []byte, h head, ok bool, err error) {
	if value = t.record(kind, id); value == nil {
		return nil, head{}, false, nil
	}
	h, err = decodeHead(value)
	return value, h, err == nil && !h.expired(t.now), err
}

// index puts a record into the expiry index under its end, unless that is never.
func (t *txn) index(kind store.Kind, id store.ID, end int64) error {
	if end == never {
		return nil
	}
	return t.expiry().Put(recordEntry(end, kind, id), nil)
}

// unindex takes a record out of the expiry index.
func (t *txn) unindex(kind store.Kind, id store.ID, indexed int64) error {
	if indexed == never {
		return nil
	}
	return t.expiry().Delete(recordEntry(indexed, kind, id))
}

func entry(ms int64, shape byte, size int) []byte {
	key := make([]byte, 0, 9+size)
	key = binary.BigEndian.AppendUint64(key, uint64(ms)^1<<63) // negative times before positive ones
	return append(key, shape)
}

func recordEntry(ms int64, kind store.Kind, id store.ID) []byte {
	return append(append(entry(ms, shapeRecord, len(id)+len(kind)), id[:]...), kind...)
}

func counterEntry(end time.Time, name string) []byte {
	ms := end.Add(time.Millisecond - 1).UnixMilli() // rounded up: never due before its end
	return append(entry(ms, shapeCounter, len(name)), name...)
}

// due is an entry of the expiry index, read.
type due struct {
	ms      int64
	counter string // of a counter, otherwise empty
	kind    store.Kind
	id      store.ID
}

// readEntry reads an entry; what it returns shares no memory with key.
func readEntry(key []byte) (due, error) {
	if len(key) < 10 {
		return due{}, fmt.Errorf("%w: expiry entry of %d bytes", store.ErrCorrupt, len(key))
	}
	d := due{ms: int64(binary.BigEndian.Uint64(key) ^ 1<<63)}
	rest := key[9:]
	switch {
	case key[8] == shapeCounter:
		d.counter = string(rest)
	case key[8] == shapeRecord && len(rest) > len(d.id):
		copy(d.id[:], rest)
		d.kind = store.Kind(rest[len(d.id):])
	default:
		return due{}, fmt.Errorf("%w: expiry entry of unknown shape", store.ErrCorrupt)
	}
	return d, nil
}
