// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// ErrWrongKey means that a store was sealed with another key. Nothing is lost:
// with the right key it opens.
var ErrWrongKey = errors.New("the sealing key does not belong to this store")

// checkName is the document by which a key and a store know each other. It holds
// the key's ID, by which a wrong key is told from damage, and a sealed proof.
const checkName = "seal/check"

// sealed is a store that keeps no payload in the clear.
type sealed struct {
	store.Store
	key *Key
}

// Wrap returns a store that seals Record.Payload and Document.Data with k before
// they reach s, each bound to its kind and ID or name, and opens them again; what
// does not open is ErrCorrupt. On first use of a store it writes a check into it;
// later it returns ErrWrongKey when the check was sealed with another key, and
// ErrCorrupt when it is missing from a store that has documents.
//
// The result implements [store.Health], [store.Counter] and [store.Meter] as far as s
// does; closing it closes s.
func Wrap(ctx context.Context, s store.Store, k *Key) (store.Store, error) {
	check, err := s.Document(ctx, checkName)
	if errors.Is(err, store.ErrNotFound) {
		if err := writeCheck(ctx, s, k); err != nil {
			return nil, err
		}
		check, err = s.Document(ctx, checkName)
	}
	if err != nil {
		return nil, fmt.Errorf("sealing check: %w", err)
	}
	if err := k.verify(check.Data); err != nil {
		return nil, err
	}
	return &sealed{s, k}, nil
}

// writeCheck makes the check in a store without documents.
func writeCheck(ctx context.Context, s store.Store, k *Key) error {
	for d, err := range s.Documents(ctx, "") {
		if err != nil {
			return fmt.Errorf("sealing check: %w", err)
		}
		if d.Name != checkName {
			return fmt.Errorf("%w: it has documents and no %q, so that no key can be known to be the right one", store.ErrCorrupt, checkName)
		}
	}
	data := append([]byte(k.id), k.Seal(nil, documentPlace(checkName))...)
	err := s.Commit(ctx, store.PutDocument{Document: store.Document{Name: checkName, Data: data}})
	if err != nil && !errors.Is(err, store.ErrConflict) { // conflict: somebody else made it meanwhile
		return fmt.Errorf("sealing check: %w", err)
	}
	return nil
}

// verify reports whether the check in data was made with this key.
func (k *Key) verify(data []byte) error {
	n := len(k.id)
	if len(data) < n {
		return fmt.Errorf("%w: document %q has %d bytes", store.ErrCorrupt, checkName, len(data))
	}
	if string(data[:n]) != k.id {
		return fmt.Errorf("%w: the %s is %s, the store was sealed with %q: put the right key in its place", ErrWrongKey, k.origin, k, data[:n])
	}
	if _, err := k.Open(data[n:], documentPlace(checkName)); err != nil {
		return fmt.Errorf("%w: document %q: %w", store.ErrCorrupt, checkName, err)
	}
	return nil
}

// recordPlace and documentPlace name the place that a sealed text belongs to. No
// two places have one name: a kind holds no space, and the first word differs.
func recordPlace(kind store.Kind, id store.ID) []byte {
	place := append(make([]byte, 0, len("record  ")+len(kind)+len(id)), "record "...)
	return append(append(append(place, kind...), ' '), id[:]...)
}

func documentPlace(name string) []byte { return []byte("document " + name) }

func (s *sealed) openRecord(r store.Record) (store.Record, error) {
	plain, err := s.key.Open(r.Payload, recordPlace(r.Kind, r.ID))
	if err != nil {
		return store.Record{}, fmt.Errorf("%w: payload of %s %s: %w", store.ErrCorrupt, r.Kind, r.ID, err)
	}
	r.Payload = plain
	return r, nil
}

func (s *sealed) openDocument(d store.Document) (store.Document, error) {
	plain, err := s.key.Open(d.Data, documentPlace(d.Name))
	if err != nil {
		return store.Document{}, fmt.Errorf("%w: document %q: %w", store.ErrCorrupt, d.Name, err)
	}
	d.Data = plain
	return d, nil
}

// Get implements [store.Store].
func (s *sealed) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	r, err := s.Store.Get(ctx, kind, id)
	if err != nil {
		return store.Record{}, err
	}
	return s.openRecord(r)
}

// Peek implements [store.Peeker]; where the store does not, it is Get without the
// payload, which is not opened.
func (s *sealed) Peek(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	if p, ok := s.Store.(store.Peeker); ok {
		return p.Peek(ctx, kind, id)
	}
	r, err := s.Store.Get(ctx, kind, id)
	r.Payload = nil
	return r, err
}

// Read implements [store.Store].
func (s *sealed) Read(ctx context.Context, kind store.Kind, id store.ID, hash [32]byte) (store.Record, error) {
	r, err := s.Store.Read(ctx, kind, id, hash)
	if err != nil {
		return store.Record{}, err
	}
	return s.openRecord(r)
}

// List implements [store.Store].
func (s *sealed) List(ctx context.Context, kind store.Kind, filter store.Filter) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for r, err := range s.Store.List(ctx, kind, filter) {
			if err == nil {
				r, err = s.openRecord(r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Document implements [store.Store].
func (s *sealed) Document(ctx context.Context, name string) (store.Document, error) {
	if name == checkName {
		return store.Document{}, store.ErrNotFound
	}
	d, err := s.Store.Document(ctx, name)
	if err != nil {
		return store.Document{}, err
	}
	return s.openDocument(d)
}

// Documents implements [store.Store].
func (s *sealed) Documents(ctx context.Context, prefix string) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		for d, err := range s.Store.Documents(ctx, prefix) {
			if d.Name == checkName {
				continue
			}
			if err == nil {
				d, err = s.openDocument(d)
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// Commit implements [store.Store].
func (s *sealed) Commit(ctx context.Context, changes ...store.Change) error {
	changes, err := s.sealChanges(changes)
	if err != nil {
		return err
	}
	return s.Store.Commit(ctx, changes...)
}

// CommitRelaxed implements [store.Relaxed]; where the store does not, it is Commit.
func (s *sealed) CommitRelaxed(ctx context.Context, changes ...store.Change) error {
	r, ok := s.Store.(store.Relaxed)
	if !ok {
		return s.Commit(ctx, changes...)
	}
	changes, err := s.sealChanges(changes)
	if err != nil {
		return err
	}
	return r.CommitRelaxed(ctx, changes...)
}

// Flush implements [store.Relaxed].
func (s *sealed) Flush(ctx context.Context) error {
	if r, ok := s.Store.(store.Relaxed); ok {
		return r.Flush(ctx)
	}
	return ctx.Err()
}

func (s *sealed) sealChanges(changes []store.Change) ([]store.Change, error) {
	changes = slices.Clone(changes)
	for i, change := range changes {
		switch c := change.(type) {
		case store.Put:
			c.Record.Payload = s.key.Seal(c.Record.Payload, recordPlace(c.Record.Kind, c.Record.ID))
			changes[i] = c
		case store.PutDocument:
			if c.Document.Name == checkName {
				return nil, errReserved()
			}
			c.Document.Data = s.key.Seal(c.Document.Data, documentPlace(c.Document.Name))
			changes[i] = c
		case store.DeleteDocument:
			if c.Name == checkName {
				return nil, errReserved()
			}
		}
	}
	return changes, nil
}

func errReserved() error {
	return fmt.Errorf("document %q belongs to the sealing of the store", checkName)
}

// Healthy implements [store.Health].
func (s *sealed) Healthy(ctx context.Context) error {
	if h, ok := s.Store.(store.Health); ok {
		return h.Healthy(ctx)
	}
	return nil
}

// Count implements [store.Counter] where the store does, and is
// [errors.ErrUnsupported] otherwise.
func (s *sealed) Count(ctx context.Context, kind store.Kind, at time.Time) (int, error) {
	if c, ok := s.Store.(store.Counter); ok {
		return c.Count(ctx, kind, at)
	}
	return 0, errors.ErrUnsupported
}

// Stats implements [store.Meter].
func (s *sealed) Stats() store.Stats {
	if m, ok := s.Store.(store.Meter); ok {
		return m.Stats()
	}
	return store.Stats{}
}

var (
	_ store.Store   = (*sealed)(nil)
	_ store.Health  = (*sealed)(nil)
	_ store.Counter = (*sealed)(nil)
	_ store.Meter   = (*sealed)(nil)
	_ store.Relaxed = (*sealed)(nil)
	_ store.Peeker  = (*sealed)(nil)
)
