// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package memstore

import (
	"context"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Commit implements [store.Store]. No change depends on another one of the same
// commit, since a key occurs only once, so all are checked before the first is made.
func (s *Store) Commit(ctx context.Context, changes ...store.Change) error {
	if err := store.CheckChanges(changes); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := s.begin(ctx); err != nil {
		return err
	}
	now := time.Now()
	for _, change := range changes {
		if err := s.check(change, now); err != nil {
			return err
		}
	}
	for _, change := range changes {
		s.apply(change)
	}
	if len(changes) > 0 {
		s.wrote(len(changes))
	}
	return nil
}

func (s *Store) check(change store.Change, now time.Time) error {
	switch c := change.(type) {
	case store.Put:
		return store.CheckPut(c.Record.Version, s.version(c.Record.Kind, c.Record.ID, now))
	case store.Delete:
		return store.CheckDelete(c.Version, s.version(c.Kind, c.ID, now))
	case store.PutDocument:
		return store.CheckPut(c.Document.Version, s.documents[c.Document.Name].Version)
	case store.DeleteDocument:
		return store.CheckDelete(c.Version, s.documents[c.Name].Version)
	case store.Quota:
		return s.checkQuota(c, now)
	}
	return nil
}

func (s *Store) checkQuota(q store.Quota, now time.Time) error {
	n := 0
	for key, r := range s.records {
		if key.kind == q.Kind && !r.Expired(now) && (q.Owner == "" || q.Owner == r.Owner) {
			n++
		}
	}
	if n >= q.Records {
		return store.ErrQuota
	}
	return nil
}

func (s *Store) version(kind store.Kind, id store.ID, now time.Time) uint64 {
	if r, ok := s.live(kind, id, now); ok {
		return r.Version
	}
	return 0
}

func (s *Store) apply(change store.Change) {
	switch c := change.(type) {
	case store.Put:
		r := c.Record.Rounded().Clone()
		r.Version++
		s.records[recordKey{r.Kind, r.ID}] = r
	case store.Delete:
		delete(s.records, recordKey{c.Kind, c.ID})
	case store.PutDocument:
		d := c.Document
		d.Data = slices.Clone(d.Data)
		d.Version++
		s.documents[d.Name] = d
	case store.DeleteDocument:
		delete(s.documents, c.Name)
	case store.ResetCounter:
		delete(s.counters, c.Name)
	}
}
