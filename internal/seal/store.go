// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/gatehouse-sso/gatehouse/store"
)

// checkDocument tells a wrong key from damage: it is sealed when a store is first
// used, and must open ever after.
const checkDocument = "seal/check"

// ErrWrongKey means that the store was sealed with another key.
var ErrWrongKey = errors.New("the sealing key does not belong to this store")

// sealed is a store whose payloads and documents are sealed in the store below.
type sealed struct {
	store.Store
	key *Key
}

// Wrap returns a store that seals each payload and document before s keeps it,
// bound to its place: what is moved to another key of the store does not open.
// ErrWrongKey when s was sealed with another key. Payloads that do not open are
// store.ErrCorrupt.
func Wrap(ctx context.Context, s store.Store, k *Key) (store.Store, error) {
	w := &sealed{Store: s, key: k}
	_, err := w.Document(ctx, checkDocument)
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = w.Commit(ctx, store.PutDocument{Document: store.Document{Name: checkDocument}})
		if errors.Is(err, store.ErrConflict) {
			// Another node was faster; what it wrote must open.
			_, err = w.Document(ctx, checkDocument)
		}
	case errors.Is(err, ErrSealed):
		return nil, ErrWrongKey
	}
	if err != nil {
		return nil, fmt.Errorf("checking the sealing key: %w", err)
	}
	return w, nil
}

func recordPlace(kind store.Kind, id store.ID) []byte {
	return append([]byte("record "+kind+" "), id[:]...)
}

func documentPlace(name string) []byte { return []byte("document " + name) }

func (w *sealed) open(r *store.Record) (err error) {
	r.Payload, err = w.key.Open(r.Payload, recordPlace(r.Kind, r.ID))
	if err != nil {
		return fmt.Errorf("%w: %s %s %w", store.ErrCorrupt, r.Kind, r.ID, err)
	}
	return nil
}

// Get implements store.Store.
func (w *sealed) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	r, err := w.Store.Get(ctx, kind, id)
	return w.opened(r, err)
}

// Read implements store.Store.
func (w *sealed) Read(ctx context.Context, kind store.Kind, id store.ID, hash [32]byte) (store.Record, error) {
	r, err := w.Store.Read(ctx, kind, id, hash)
	return w.opened(r, err)
}

func (w *sealed) opened(r store.Record, err error) (store.Record, error) {
	if err == nil {
		err = w.open(&r)
	}
	if err != nil {
		return store.Record{}, err
	}
	return r, nil
}

// List implements store.Store.
func (w *sealed) List(ctx context.Context, kind store.Kind, filter store.Filter) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for r, err := range w.Store.List(ctx, kind, filter) {
			r, err = w.opened(r, err)
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Commit implements store.Store.
func (w *sealed) Commit(ctx context.Context, changes ...store.Change) error {
	closed := make([]store.Change, len(changes))
	for i, c := range changes {
		switch c := c.(type) {
		case store.Put:
			c.Record.Payload = w.key.Seal(c.Record.Payload, recordPlace(c.Record.Kind, c.Record.ID))
			closed[i] = c
		case store.PutDocument:
			c.Document.Data = w.key.Seal(c.Document.Data, documentPlace(c.Document.Name))
			closed[i] = c
		default:
			closed[i] = c
		}
	}
	return w.Store.Commit(ctx, closed...)
}

// Document implements store.Store.
func (w *sealed) Document(ctx context.Context, name string) (store.Document, error) {
	d, err := w.Store.Document(ctx, name)
	return w.openedDocument(d, err)
}

// Documents implements store.Store. The check document is nobody's business.
func (w *sealed) Documents(ctx context.Context, prefix string) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		for d, err := range w.Store.Documents(ctx, prefix) {
			if err == nil && d.Name == checkDocument {
				continue
			}
			d, err = w.openedDocument(d, err)
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

func (w *sealed) openedDocument(d store.Document, err error) (store.Document, error) {
	if err != nil {
		return store.Document{}, err
	}
	d.Data, err = w.key.Open(d.Data, documentPlace(d.Name))
	if err != nil {
		return store.Document{}, fmt.Errorf("%w: document %q %w", store.ErrCorrupt, d.Name, err)
	}
	return d, nil
}

// Healthy implements store.Health where the store below does.
func (w *sealed) Healthy(ctx context.Context) error {
	if h, ok := w.Store.(store.Health); ok {
		return h.Healthy(ctx)
	}
	return nil
}

// Stats implements store.Meter where the store below does.
func (w *sealed) Stats() store.Stats {
	if m, ok := w.Store.(store.Meter); ok {
		return m.Stats()
	}
	return store.Stats{}
}
