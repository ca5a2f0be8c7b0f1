// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"github.com/gatehouse-sso/gatehouse/store"
)

// quota is a condition of a commit.
type quota store.Quota

func (q *quota) check(t *txn) error {
	n := t.count(q.Kind)
	if q.Owner != "" && n >= q.Records { // an owner has no more than there are
		n = t.liveOf(q.Kind, q.Owner, q.Records)
	}
	if n >= q.Records {
		return store.ErrQuota
	}
	return nil
}

func (q *quota) apply(*txn) error { return nil }

// liveOf counts the live records of an owner, up to most.
func (t *txn) liveOf(kind store.Kind, owner string, most int) (n int) {
	var after store.ID
	for {
		from := newOwned(owner, after)
		ids, more := t.ownedAfter(kind, from, t.owners.after(kind, from))
		for _, id := range ids {
			value, _, live, err := t.lookup(kind, id)
			if err == nil && live && string(ownerOf(value)) == owner {
				if n++; n >= most {
					return n
				}
			}
		}
		if more.IsZero() {
			return n
		}
		after = more
	}
}

// counts is how many records of each kind are stored, live or not. It belongs to
// the writer.
type counts map[store.Kind]int

// find counts what is stored.
func (c counts) find(t *txn) error {
	return t.each(func(b *bucket) {
		if kind, ok := b.kind(); ok {
			c[kind] = b.Stats().KeyN
		}
	})
}

// count returns how many records of a kind there are in this transaction.
func (t *txn) count(kind store.Kind) int { return t.counts[kind] + t.more[kind] }

// counted adds n to the count of a kind if the transaction is committed.
func (t *txn) counted(kind store.Kind, n int) {
	if t.more == nil {
		t.more = make(counts)
	}
	t.more[kind] += n
}

// settle adds what a transaction has changed.
func (c counts) settle(t *txn) {
	for kind, n := range t.more {
		c[kind] += n
	}
}
