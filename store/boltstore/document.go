// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"github.com/gatehouse-sso/gatehouse/store"
)

// documentHead is the length of codec and version before a document's data.
const documentHead = 9

// putDocument writes a document.
type putDocument struct {
	name    []byte
	version uint64
	value   []byte
}

func newPutDocument(d store.Document) *putDocument {
	value := make([]byte, 0, documentHead+len(d.Data))
	value = append(value, codec)
	value = binary.BigEndian.AppendUint64(value, d.Version+1)
	return &putDocument{name: []byte(d.Name), version: d.Version, value: append(value, d.Data...)}
}

func (p *putDocument) check(t *txn) error {
	stored, err := documentVersion(t, p.name)
	if err != nil {
		return err
	}
	return store.CheckPut(p.version, stored)
}

func (p *putDocument) apply(t *txn) error { return t.documents().Put(p.name, p.value) }

// deleteDocument removes a document.
type deleteDocument struct {
	name    []byte
	version uint64
}

func (d *deleteDocument) check(t *txn) error {
	stored, err := documentVersion(t, d.name)
	if err != nil {
		return err
	}
	return store.CheckDelete(d.version, stored)
}

func (d *deleteDocument) apply(t *txn) error { return t.documents().Delete(d.name) }

// documentVersion returns 0 when there is no such document.
func documentVersion(t *txn, name []byte) (uint64, error) {
	value := t.documents().Get(name)
	if value == nil {
		return 0, nil
	}
	d, err := decodeDocument(name, value)
	return d.Version, err
}

// decodeDocument returns a document whose Data belongs to value.
func decodeDocument(name, value []byte) (store.Document, error) {
	if len(value) < documentHead || value[0] != codec || binary.BigEndian.Uint64(value[1:]) == 0 {
		return store.Document{}, fmt.Errorf("%w: document %q", store.ErrCorrupt, name)
	}
	return store.Document{
		Name:    string(name),
		Data:    value[documentHead:],
		Version: binary.BigEndian.Uint64(value[1:]),
	}, nil
}

// Document implements [store.Store].
func (s *Store) Document(ctx context.Context, name string) (d store.Document, err error) {
	err = s.view(ctx, func(t *txn) error {
		value := t.documents().Get([]byte(name))
		if value == nil {
			return store.ErrNotFound
		}
		d, err = decodeDocument([]byte(name), value)
		d.Data = slices.Clone(d.Data)
		return err
	})
	if err != nil {
		return store.Document{}, err
	}
	return d, nil
}

// Documents implements [store.Store].
func (s *Store) Documents(ctx context.Context, prefix string) iter.Seq2[store.Document, error] {
	return pages(func(after []byte) ([]store.Document, []byte, error) {
		return s.documentPage(ctx, []byte(prefix), after)
	})
}

func (s *Store) documentPage(ctx context.Context, prefix, after []byte) (page []store.Document, last []byte, err error) {
	err = s.view(ctx, func(t *txn) error {
		c := t.documents().Cursor()
		room := newRoom()
		for k, v := seekAfter(c, prefix, after); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
			d, err := decodeDocument(k, v)
			if err != nil {
				return err
			}
			d.Data = slices.Clone(d.Data)
			page = append(page, d)
			if room.fill(len(v)) {
				last = slices.Clone(k)
				return nil
			}
		}
		return nil
	})
	return page, last, err
}
