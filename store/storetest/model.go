// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// Random operations have the same answers as on two maps.
func testModel(t *testing.T, s store.Store) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := newModel(s, run)
		rt.Repeat(map[string]func(*rapid.T){
			"commit": m.commit,
			"read":   m.read,
			"touch":  m.touch,
			"list":   m.list,
			"sweep":  m.sweep,
			"":       m.check,
		})
	})
}

// model is what a store should hold. It works on a few keys of its own, so that
// operations meet, in a kind of its own, so that one store serves all runs. Times
// lie far in the past or the future: what is live does not change while it runs.
type model struct {
	s         store.Store
	kind      store.Kind
	prefix    string
	now       time.Time
	ids       []store.ID
	hash      [32]byte
	records   map[store.ID]store.Record
	documents map[string]store.Document
}

func newModel(s store.Store, run int) *model {
	m := &model{
		s:         s,
		kind:      store.Kind(fmt.Sprint("model-", run)),
		prefix:    fmt.Sprintf("model/%d/", run),
		now:       time.Now().UTC().Truncate(time.Second),
		hash:      [32]byte{1, 2, 3},
		records:   make(map[store.ID]store.Record),
		documents: make(map[string]store.Document),
	}
	for range 4 {
		m.ids = append(m.ids, store.NewID(m.now))
	}
	slices.SortFunc(m.ids, func(a, b store.ID) int { return bytes.Compare(a[:], b[:]) })
	return m
}

// live returns the version of a record, 0 when there is no live one.
func (m *model) live(id store.ID) uint64 {
	if r, ok := m.records[id]; ok && !r.Expired(m.now) {
		return r.Version
	}
	return 0
}

// commit makes one to three changes at once.
func (m *model) commit(rt *rapid.T) {
	ids := rapid.Permutation(m.ids).Draw(rt, "ids")
	names := rapid.Permutation([]string{"a", "b"}).Draw(rt, "names")
	var changes []store.Change
	for i := range rapid.IntRange(1, 3).Draw(rt, "changes") {
		changes = append(changes, m.change(rt, ids[i], m.prefix+names[i%2], i < 2))
	}
	after, want := m.expect(changes)
	err := m.s.Commit(rt.Context(), changes...)
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		rt.Fatalf("commit of %v: got %v, want %v", changes, err, want)
	}
	if err == nil {
		after()
	}
}

// change draws one change; its version is often the right one.
func (m *model) change(rt *rapid.T, id store.ID, name string, document bool) store.Change {
	shapes := []string{"put", "put", "delete"}
	if document {
		shapes = append(shapes, "put document", "delete document")
	}
	stored := m.live(id)
	shape := rapid.SampledFrom(shapes).Draw(rt, "shape")
	if shape == "put document" || shape == "delete document" {
		stored = m.documents[name].Version
	}
	version := rapid.SampledFrom([]uint64{stored, stored, stored, 0, 1, 7}).Draw(rt, "version")
	switch shape {
	case "put":
		return store.Put{Record: m.draw(rt, id, version)}
	case "delete":
		return store.Delete{Kind: m.kind, ID: id, Version: version}
	case "put document":
		return store.PutDocument{Document: store.Document{Name: name, Data: rapid.SliceOf(rapid.Byte()).Draw(rt, "data"), Version: version}}
	default:
		return store.DeleteDocument{Name: name, Version: version}
	}
}

func (m *model) draw(rt *rapid.T, id store.ID, version uint64) store.Record {
	const far = 24 * time.Hour
	r := store.Record{
		Kind:    m.kind,
		ID:      id,
		Version: version,
		Owner:   rapid.SampledFrom([]string{"", "u-1", "u-2"}).Draw(rt, "owner"),
		Payload: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "payload"),
		Created: m.now,
		Seen:    m.now.Add(-time.Duration(rapid.IntRange(1, 4).Draw(rt, "seen")) * time.Hour),
		Idle:    rapid.SampledFrom([]time.Duration{0, far, time.Millisecond}).Draw(rt, "idle"),
		Reads:   rapid.Uint32Range(0, 3).Draw(rt, "reads"),
	}
	r.Expires = rapid.SampledFrom([]time.Time{{}, m.now.Add(far), m.now.Add(-far)}).Draw(rt, "expires")
	if rapid.Bool().Draw(rt, "secret") {
		r.Secrets = []store.Secret{{Audience: rapid.String().Draw(rt, "audience"), Hash: m.hash, Since: m.now}}
	}
	return r
}

// expect returns the error that the changes should meet (the first in order) and
// what makes them in the model.
func (m *model) expect(changes []store.Change) (after func(), want error) {
	var todo []func()
	for _, change := range changes {
		var err error
		switch c := change.(type) {
		case store.Put:
			err = putError(c.Record.Version, m.live(c.Record.ID))
			c.Record.Version++
			todo = append(todo, func() { m.records[c.Record.ID] = c.Record })
		case store.Delete:
			err = deleteError(c.Version, m.live(c.ID))
			todo = append(todo, func() { delete(m.records, c.ID) })
		case store.PutDocument:
			err = putError(c.Document.Version, m.documents[c.Document.Name].Version)
			c.Document.Version++
			todo = append(todo, func() { m.documents[c.Document.Name] = c.Document })
		case store.DeleteDocument:
			err = deleteError(c.Version, m.documents[c.Name].Version)
			todo = append(todo, func() { delete(m.documents, c.Name) })
		}
		if err != nil {
			return nil, err
		}
	}
	return func() {
		for _, do := range todo {
			do()
		}
	}, nil
}

// putError and deleteError are written out here, not taken from package store,
// so that a mistake there is seen.
func putError(named, stored uint64) error {
	if named == stored {
		return nil
	}
	if stored == 0 {
		return store.ErrNotFound
	}
	return store.ErrConflict
}

func deleteError(named, stored uint64) error {
	if stored == 0 {
		return store.ErrNotFound
	}
	if named == 0 || named == stored {
		return nil
	}
	return store.ErrConflict
}

func (m *model) read(rt *rapid.T) {
	id := rapid.SampledFrom(m.ids).Draw(rt, "id")
	hash := rapid.SampledFrom([][32]byte{m.hash, m.hash, {9}}).Draw(rt, "hash")
	got, err := m.s.Read(rt.Context(), m.kind, id, hash)
	want, ok := m.records[id]
	if !ok || want.Expired(m.now) || len(want.Secrets) == 0 || hash != m.hash {
		wantModelErr(rt, err, store.ErrNotFound)
		return
	}
	if want.Reads > 0 {
		want.Reads--
		want.Version++
		m.records[id] = want
		if want.Reads == 0 {
			delete(m.records, id)
		}
	}
	wantModelErr(rt, err, nil)
	wantModelSame(rt, got, want)
}

func (m *model) touch(rt *rapid.T) {
	seen := make(map[store.ID]time.Time)
	for _, id := range m.ids {
		if rapid.Bool().Draw(rt, "touch") {
			seen[id] = m.now.Add(-time.Duration(rapid.IntRange(2, 8).Draw(rt, "ago")) * 30 * time.Minute)
		}
	}
	wantModelErr(rt, m.s.Touch(rt.Context(), m.kind, seen), nil)
	for id, at := range seen {
		if r, ok := m.records[id]; ok && !r.Expired(m.now) && at.After(r.Seen) {
			r.Seen = at
			m.records[id] = r
		}
	}
}

func (m *model) list(rt *rapid.T) {
	filter := store.Filter{
		Owner: rapid.SampledFrom([]string{"", "u-1", "u-2"}).Draw(rt, "owner"),
		After: rapid.SampledFrom(append(slices.Clone(m.ids), store.ID{})).Draw(rt, "after"),
	}
	var want, got []store.Record
	for _, id := range m.ids {
		r := m.records[id]
		if m.live(id) != 0 && bytes.Compare(id[:], filter.After[:]) > 0 && (filter.Owner == "" || r.Owner == filter.Owner) {
			want = append(want, r)
		}
	}
	for r, err := range m.s.List(rt.Context(), m.kind, filter) {
		wantModelErr(rt, err, nil)
		got = append(got, r)
	}
	wantModelSame(rt, got, want)
}

func (m *model) sweep(rt *rapid.T) {
	limit := rapid.IntRange(0, 3).Draw(rt, "limit")
	n, err := m.s.Sweep(rt.Context(), limit)
	wantModelErr(rt, err, nil)
	if n > limit {
		rt.Fatalf("sweep with limit %d removed %d", limit, n)
	}
}

// check runs after every operation.
func (m *model) check(rt *rapid.T) {
	for _, id := range m.ids {
		got, err := m.s.Get(rt.Context(), m.kind, id)
		if m.live(id) == 0 {
			wantModelErr(rt, err, store.ErrNotFound)
			continue
		}
		wantModelErr(rt, err, nil)
		wantModelSame(rt, got, m.records[id])
	}
	var got []store.Document
	for d, err := range m.s.Documents(rt.Context(), m.prefix) {
		wantModelErr(rt, err, nil)
		got = append(got, d)
	}
	var want []store.Document
	for _, name := range slices.Sorted(maps.Keys(m.documents)) {
		want = append(want, m.documents[name])
	}
	wantModelSame(rt, got, want)
}

func wantModelErr(rt *rapid.T, got, want error) {
	if !errors.Is(got, want) || (want == nil) != (got == nil) {
		rt.Fatalf("got error %v, want %v", got, want)
	}
}

func wantModelSame(rt *rapid.T, got, want any) {
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("(-want +got):\n%s", diff)
	}
}
