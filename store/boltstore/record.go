// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"iter"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// view reads what the last commit has left. What fn keeps of it must be copied.
func (s *Store) view(ctx context.Context, fn func(t *txn) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer s.catch(&err, debug.SetPanicOnFault(true))
	if snap := s.snapshots.enter(); snap != nil {
		defer snap.leave()
		return fn(&txn{snap: snap, now: time.Now()})
	}
	return s.viewAlone(fn)
}

// viewAlone reads in a transaction of its own, where there is no snapshot to
// share. Another file may take the place of the one that was asked.
func (s *Store) viewAlone(fn func(t *txn) error) (err error) {
	for {
		refused := false
		f := s.file.Load()
		err := f.db.View(func(tx *bbolt.Tx) error {
			err := fn(newTxn(tx))
			refused = err != nil
			return err
		})
		if refused {
			return err
		}
		if !errors.Is(err, bolterrors.ErrDatabaseNotOpen) || f == s.file.Load() {
			return s.explain(err)
		}
	}
}

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	return s.find(ctx, kind, id, decode)
}

// Peek implements [store.Peeker].
func (s *Store) Peek(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	return s.find(ctx, kind, id, decodeBare)
}

// find returns a live record as far as it is decoded.
func (s *Store) find(ctx context.Context, kind store.Kind, id store.ID, decode decoder) (r store.Record, err error) {
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	if value, found := s.pending.get(kind, id); found {
		return getFrom(value, kind, id, time.Now(), decode)
	}
	snap := s.snapshots.enter()
	if snap == nil {
		return s.findAlone(ctx, kind, id, decode)
	}
	// view, spelled out: what a function refers to is allocated.
	defer s.catch(&err, debug.SetPanicOnFault(true))
	defer snap.leave()
	t := txn{snap: snap, now: time.Now()}
	return getFrom(t.record(kind, id), kind, id, t.now, decode)
}

func (s *Store) findAlone(ctx context.Context, kind store.Kind, id store.ID, decode decoder) (r store.Record, err error) {
	err = s.view(ctx, func(t *txn) error {
		r, err = getFrom(t.record(kind, id), kind, id, t.now, decode)
		return err
	})
	return r, err
}

// getFrom returns a copy of the record in value if it is live; value is nil when there is
// none.
func getFrom(value []byte, kind store.Kind, id store.ID, now time.Time, decode decoder) (store.Record, error) {
	if value == nil {
		return store.Record{}, store.ErrNotFound
	}
	h, err := decodeHead(value)
	if err != nil {
		return store.Record{}, err
	}
	if h.expired(now) {
		return store.Record{}, store.ErrNotFound
	}
	return decode(value, kind, id)
}

// Read implements [store.Store]. It looks before it queues: a wrong hash, which
// anybody may send, never reaches the writer.
func (s *Store) Read(ctx context.Context, kind store.Kind, id store.ID, hash [32]byte) (store.Record, error) {
	var r store.Record
	lookAt := func(value []byte, now time.Time) (err error) {
		if r, err = getFrom(value, kind, id, now, decode); err == nil && !opens(r.Secrets, hash) {
			err = store.ErrNotFound
		}
		return err
	}
	look := func(t *txn) error { return lookAt(t.record(kind, id), t.now) }
	err := ctx.Err()
	if value, found := s.pending.get(kind, id); err == nil && found {
		err = lookAt(value, time.Now())
	} else {
		err = s.view(ctx, look)
	}
	if err == nil && r.Reads > 0 {
		err = s.write(ctx, func(t *txn) (func() (int, error), error) {
			if err := look(t); err != nil || r.Reads == 0 {
				return nil, err
			}
			return func() (int, error) { return 1, t.countRead(&r) }, nil
		})
	}
	if err != nil {
		return store.Record{}, err
	}
	return r, nil
}

func opens(secrets []store.Secret, hash [32]byte) bool {
	for _, s := range secrets {
		if subtle.ConstantTimeCompare(s.Hash[:], hash[:]) == 1 {
			return true
		}
	}
	return false
}

// countRead takes one read off a live record, and the record away with the last.
func (t *txn) countRead(r *store.Record) error {
	value, h, _, err := t.lookup(r.Kind, r.ID)
	if err != nil {
		return err
	}
	h.reads--
	h.version++
	r.Reads, r.Version = h.reads, h.version
	if h.reads == 0 {
		return t.remove(r.Kind, r.ID, h.indexed)
	}
	return t.records(r.Kind).Put(r.ID[:], h.with(value))
}

// touch is one entry of a Touch.
type touch struct {
	id   store.ID
	seen int64
}

// Touch implements [store.Store]. It leaves the expiry index alone.
func (s *Store) Touch(ctx context.Context, kind store.Kind, seen map[store.ID]time.Time) error {
	touches := make([]touch, 0, len(seen))
	for id, at := range seen {
		touches = append(touches, touch{id, at.UnixMilli()})
	}
	// In the order of the tree, so that a page is come to once.
	slices.SortFunc(touches, func(a, b touch) int { return bytes.Compare(a.id[:], b.id[:]) })
	return s.write(ctx, func(t *txn) (func() (int, error), error) {
		moved, err := t.moved(kind, touches)
		if err != nil || len(moved) == 0 {
			return nil, err
		}
		return func() (int, error) {
			b := t.records(kind)
			for _, m := range moved {
				if err := b.Put(m.id[:], m.value); err != nil {
					return 0, err
				}
			}
			return len(moved), nil
		}, nil
	})
}

// movedRecord is a record as it is to be after a touch.
type movedRecord struct {
	id    store.ID
	value []byte
}

func (t *txn) moved(kind store.Kind, touches []touch) (moved []movedRecord, err error) {
	for _, touch := range touches {
		value, h, live, err := t.lookup(kind, touch.id)
		if err != nil {
			return nil, err
		}
		if live && touch.seen > h.seen {
			h.seen = touch.seen
			moved = append(moved, movedRecord{touch.id, h.with(value)})
		}
	}
	return moved, nil
}

// List implements [store.Store].
func (s *Store) List(ctx context.Context, kind store.Kind, filter store.Filter) iter.Seq2[store.Record, error] {
	return pages(func(after []byte) ([]store.Record, []byte, error) {
		if after == nil {
			if err := s.settled(ctx); err != nil {
				return nil, nil, err
			}
			if !filter.After.IsZero() {
				after = filter.After[:]
			}
		}
		if filter.Owner != "" {
			return s.ownerPage(ctx, kind, filter.Owner, after)
		}
		return s.recordPage(ctx, kind, after)
	})
}

func (s *Store) ownerPage(ctx context.Context, kind store.Kind, owner string, after []byte) (page []store.Record, last []byte, err error) {
	var id store.ID
	copy(id[:], after)
	from := newOwned(owner, id)
	recent := s.owners.after(kind, from)
	err = s.view(ctx, func(t *txn) error {
		ids, more := t.ownedAfter(kind, from, recent)
		room := newRoom()
		for _, id := range ids {
			value := t.record(kind, id)
			if value == nil || string(ownerOf(value)) != owner {
				continue
			}
			if page, err = t.appendLive(page, kind, id[:], value); err != nil {
				return err
			}
			if room.fill(len(value)) {
				last = id[:]
				return nil
			}
		}
		if !more.IsZero() {
			last = more[:]
		}
		return nil
	})
	return page, last, err
}

func (s *Store) recordPage(ctx context.Context, kind store.Kind, after []byte) (page []store.Record, last []byte, err error) {
	err = s.view(ctx, func(t *txn) error {
		b := t.records(kind)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		room := newRoom()
		for k, v := seekAfter(c, nil, after); k != nil; k, v = c.Next() {
			if page, err = t.appendLive(page, kind, k, v); err != nil {
				return err
			}
			if room.fill(len(v)) {
				last = slices.Clone(k)
				return nil
			}
		}
		return nil
	})
	return page, last, err
}

// appendLive appends a copy of a stored record unless it has expired.
func (t *txn) appendLive(page []store.Record, kind store.Kind, k, v []byte) ([]store.Record, error) {
	r, err := decode(v, kind, store.ID(k))
	if err != nil || r.Expired(t.now) {
		return page, err
	}
	return append(page, r), nil
}
