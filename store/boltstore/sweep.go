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
// is counted beside the error.
func (s *Store) Sweep(ctx context.Context, limit int) (int, error) {
	swept := 0
	for {
		batch := sweeping{limit: min(limit-swept, sweepBatch)}
		err := s.write(ctx, batch.plan)
		if err != nil {
			return swept, err
		}
		swept += batch.removed
		if swept >= limit || batch.last {
			return swept, nil
		}
	}
}

// sweeping is one batch of a sweep.
type sweeping struct {
	limit   int
	removed int
	last    bool // there is no more that is due
}

func (b *sweeping) plan(t *txn) (func() (int, error), error) {
	keys := t.due(b.limit)
	if len(keys) == 0 {
		b.last = true
		return nil, nil
	}
	return func() (int, error) {
		for _, key := range keys {
			removed, err := t.settle(key)
			if err != nil {
				return 0, err
			}
			b.removed += removed
		}
		return 0, nil
	}, nil
}

// due returns at most limit keys of the expiry index whose time has come.
func (t *txn) due(limit int) (keys [][]byte) {
	if limit <= 0 {
		return nil
	}
	after := entry(t.now.UnixMilli()+1, 0, 0)[:8] // the first time that is not due
	c := t.expiry().Cursor()
	for k, _ := c.First(); k != nil && string(k) < string(after) && len(keys) < limit; k, _ = c.Next() {
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
