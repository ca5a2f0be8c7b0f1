// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"slices"

	"github.com/gatehouse-sso/gatehouse/store"
)

// sweepBatch is how many entries of the expiry index one job looks at: few enough
// that what queues behind it does not notice.
const sweepBatch = 256

// Sweep implements [store.Store]. It works in small jobs between which other
// writes get their turn; when one fails, what was swept before stays swept and
// is counted beside the error. When nothing more is due and more than half of the
// file is free, the file is compacted.
func (s *Store) Sweep(ctx context.Context, limit int) (int, error) {
	swept := 0
	var after []byte
	for swept < limit {
		batch := sweeping{after: after, limit: min(limit-swept, sweepBatch)}
		err := s.write(ctx, batch.plan)
		if err != nil {
			return swept, err
		}
		if len(batch.keys) == 0 {
			s.compactIfWasteful(ctx)
			break
		}
		swept += batch.removed
		after = batch.keys[len(batch.keys)-1]
	}
	return swept, nil
}

// sweeping is one batch of a sweep. It begins after the batch before it: an entry
// that will not go, in a file with damage that nobody has seen, is met once.
type sweeping struct {
	after   []byte
	limit   int
	keys    [][]byte // none when nothing more is due
	removed int
}

func (b *sweeping) plan(t *txn) (func() (int, error), error) {
	b.removed = 0
	b.keys = t.due(b.after, b.limit)
	if len(b.keys) == 0 {
		return nil, nil
	}
	return func() (int, error) {
		for _, key := range b.keys {
			removed, err := t.settle(key)
			if err != nil {
				return 0, err
			}
			b.removed += removed
		}
		return 0, nil
	}, nil
}

// due returns at most limit keys of the expiry index whose time has come, in order,
// all of them greater than after.
func (t *txn) due(after []byte, limit int) (keys [][]byte) {
	end := entry(t.now.UnixMilli()+1, 0, 0)[:8] // the first time that is not due
	c := t.expiry().Cursor()
	for k, _ := seekAfter(c, nil, after); k != nil && string(k) < string(end) && len(keys) < limit; k, _ = c.Next() {
		if string(k) <= string(after) {
			break
		}
		keys = append(keys, slices.Clone(k))
	}
	return keys
}

// settle takes an entry out of the index, and removes what it stands for or gives
// it an entry at its real end. What cannot be read stays where it is and loses its
// entry, so that it answers ErrCorrupt to who asks for it and is not in the way of
// everything that expires later.
func (t *txn) settle(key []byte) (removed int, err error) {
	if err := t.expiry().Delete(key); err != nil {
		return 0, err
	}
	d, err := readEntry(key)
	if err != nil {
		return 0, nil
	}
	if d.counter != "" {
		return t.settleCounter(d.counter)
	}
	return t.settleRecord(d)
}

func (t *txn) settleCounter(name string) (removed int, err error) {
	c, found, err := t.counter(name)
	if err != nil || !found || c.live(t.now) {
		return 0, nil
	}
	return 1, t.removeCounter(name, c)
}

func (t *txn) settleRecord(d due) (removed int, err error) {
	value, h, live, err := t.lookup(d.kind, d.id)
	if err != nil || value == nil || h.indexed != d.ms {
		return 0, nil // unreadable, or an entry that nobody refers to
	}
	if !live {
		t.counted(d.kind, -1)
		return 1, t.records(d.kind).Delete(d.id[:])
	}
	return 0, t.reindex(d.kind, d.id, h, value)
}

// reindex puts a live record whose entry was due under its real end.
func (t *txn) reindex(kind store.Kind, id store.ID, h head, value []byte) error {
	h.indexed = h.end()
	if err := t.index(kind, id, h.indexed); err != nil {
		return err
	}
	return t.records(kind).Put(id[:], h.with(value))
}
