// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"

	"github.com/gatehouse-sso/gatehouse/store"
)

// step is one change of a commit, made ready outside the transaction. check
// decides and changes nothing; apply follows when all steps may be done.
type step interface {
	check(t *txn) error
	apply(t *txn) error
}

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, changes ...store.Change) error {
	if err := store.CheckChanges(changes); err != nil {
		return err
	}
	if len(changes) == 0 {
		return ctx.Err()
	}
	steps := make([]step, len(changes))
	for i, change := range changes {
		steps[i] = newStep(change)
	}
	return s.write(ctx, planOf(steps))
}

// newStep copies what it needs of the change. CheckChanges knows the same shapes
// and has let no other pass.
func newStep(change store.Change) step {
	switch c := change.(type) {
	case store.Put:
		return newPutRecord(c.Record)
	case store.Delete:
		return &deleteRecord{kind: c.Kind, id: c.ID, version: c.Version}
	case store.PutDocument:
		return newPutDocument(c.Document)
	case store.DeleteDocument:
		return &deleteDocument{name: []byte(c.Name), version: c.Version}
	case store.ResetCounter:
		return &resetCounter{name: c.Name}
	case store.Quota:
		return (*quota)(&c)
	default:
		panic("boltstore: a change that store.CheckChanges let pass is not known here")
	}
}

// putRecord writes a record.
type putRecord struct {
	kind    store.Kind
	id      store.ID
	version uint64 // that must be stored
	head    head
	value   []byte
	indexed int64 // where the expiry index has the record that is replaced
	owner   string
	owned   bool // by the same owner already
	isNew   bool // nothing is stored under this ID, not even an expired record
}

func newPutRecord(r store.Record) *putRecord {
	r = r.Rounded()
	p := &putRecord{kind: r.Kind, id: r.ID, version: r.Version, head: headOf(&r), indexed: never, owner: r.Owner}
	p.head.version++
	p.head.indexed = p.head.end()
	p.value = encode(p.head, &r)
	return p
}

func (p *putRecord) check(t *txn) error {
	value, old, live, err := t.lookup(p.kind, p.id)
	if err != nil {
		return err
	}
	p.owned, p.indexed, p.isNew = false, never, value == nil
	if value != nil {
		p.indexed = old.indexed
		p.owned = string(ownerOf(value)) == p.owner
	}
	if !live {
		return store.CheckPut(p.version, 0)
	}
	return store.CheckPut(p.version, old.version)
}

func (p *putRecord) apply(t *txn) error {
	indexed := p.head.end()
	if p.indexed <= indexed && p.indexed != never {
		indexed = p.indexed // early enough: the sweep moves it
	} else {
		if err := t.unindex(p.kind, p.id, p.indexed); err != nil {
			return err
		}
		if err := t.index(p.kind, p.id, indexed); err != nil {
			return err
		}
	}
	if p.head.indexed != indexed {
		p.head.indexed = indexed
		p.value = p.head.with(p.value) // somebody may look at it (see pending)
	}
	if p.isNew {
		t.counted(p.kind, 1)
	}
	if p.owner != "" && !p.owned {
		if err := t.own(p.kind, p.owner, p.id); err != nil {
			return err
		}
	}
	b := t.records(p.kind)
	if b == nil {
		var err error
		if b, err = t.makeBucket(recordBucket(p.kind)); err != nil {
			return err
		}
	}
	return b.Put(p.id[:], p.value)
}

// deleteRecord removes a live record.
type deleteRecord struct {
	kind    store.Kind
	id      store.ID
	version uint64
	indexed int64
}

func (d *deleteRecord) check(t *txn) error {
	_, old, live, err := t.lookup(d.kind, d.id)
	if err != nil {
		return err
	}
	if !live {
		return store.ErrNotFound
	}
	d.indexed = old.indexed
	return store.CheckDelete(d.version, old.version)
}

func (d *deleteRecord) apply(t *txn) error { return t.remove(d.kind, d.id, d.indexed) }

// remove takes a record out of its bucket and of the index.
func (t *txn) remove(kind store.Kind, id store.ID, indexed int64) error {
	if err := t.unindex(kind, id, indexed); err != nil {
		return err
	}
	t.counted(kind, -1)
	return t.records(kind).Delete(id[:])
}
