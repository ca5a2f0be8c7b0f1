// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package memstore

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// List implements [store.Store]. The lock is not held while the caller's loop
// runs, since the loop may write.
func (s *Store) List(ctx context.Context, kind store.Kind, filter store.Filter) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		records, err := s.snapshot(ctx, kind, filter)
		each(ctx, records, err, yield)
	}
}

func (s *Store) snapshot(ctx context.Context, kind store.Kind, filter store.Filter) ([]store.Record, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	now := time.Now()
	var records []store.Record
	for key, r := range s.records {
		if key.kind == kind && !r.Expired(now) &&
			(filter.Owner == "" || r.Owner == filter.Owner) &&
			bytes.Compare(key.id[:], filter.After[:]) > 0 {
			records = append(records, r.Clone())
		}
	}
	slices.SortFunc(records, func(a, b store.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return records, nil
}

// Document implements [store.Store].
func (s *Store) Document(ctx context.Context, name string) (store.Document, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return store.Document{}, err
	}
	d, ok := s.documents[name]
	if !ok {
		return store.Document{}, store.ErrNotFound
	}
	d.Data = slices.Clone(d.Data)
	return d, nil
}

// Documents implements [store.Store].
func (s *Store) Documents(ctx context.Context, prefix string) iter.Seq2[store.Document, error] {
	return func(yield func(store.Document, error) bool) {
		documents, err := s.documentsOf(ctx, prefix)
		each(ctx, documents, err, yield)
	}
}

func (s *Store) documentsOf(ctx context.Context, prefix string) ([]store.Document, error) {
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	var documents []store.Document
	for name, d := range s.documents {
		if strings.HasPrefix(name, prefix) {
			d.Data = slices.Clone(d.Data)
			documents = append(documents, d)
		}
	}
	slices.SortFunc(documents, func(a, b store.Document) int { return cmp.Compare(a.Name, b.Name) })
	return documents, nil
}

// each yields all values, or the one error.
func each[T any](ctx context.Context, values []T, err error, yield func(T, error) bool) {
	var none T
	if err != nil {
		yield(none, err)
		return
	}
	for _, v := range values {
		if err := ctx.Err(); err != nil {
			yield(none, err)
			return
		}
		if !yield(v, nil) {
			return
		}
	}
}
