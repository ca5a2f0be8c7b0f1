// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Space is one namespace of an [Engine].
type Space struct {
	engine *Engine
	kind   store.Kind
	limits Limits
}

// Create makes a token. The owner is a name by which tokens are listed and ended
// together, in the clear in the store, or empty. The errors are ErrTooLong, ErrLimit,
// ErrQuota and those of the store.
func (s *Space) Create(ctx context.Context, owner string, v Value) (string, error) {
	if err := s.limits.check(&v); err != nil {
		return "", err
	}
	now := s.Now()
	t := newToken(store.NewID(now))
	r := store.Record{
		Kind:    s.kind,
		ID:      t.id,
		Owner:   owner,
		Secrets: []store.Secret{{Hash: t.hash(), Since: now}},
		Created: now,
	}
	v.write(&r, now)
	if err := s.put(ctx, r); err != nil {
		return "", err
	}
	return t.text(), nil
}

// Read returns what a token stands for. Where reads are limited it counts, durably,
// before it answers, and the last one ends the token. The errors are ErrNone and those
// of the store.
func (s *Space) Read(ctx context.Context, text string) (Entry, error) {
	t, ok := parse(text)
	if !ok {
		return Entry{}, ErrNone
	}
	if e, ok := s.engine.warm.find(s.kind, &t, s.Now()); ok {
		return e, nil
	}
	fill := s.engine.warm.begin(t.id)
	r, err := s.engine.store.Read(ctx, s.kind, t.id, t.hash())
	if err != nil {
		return Entry{}, notFound(err)
	}
	e, err := entry(&r)
	if err != nil {
		return Entry{}, err
	}
	if !e.ReadLimited {
		s.engine.warm.fill(fill, &r)
	}
	if e.expired(s.Now()) {
		return Entry{}, ErrNone
	}
	return e, nil
}

// Update replaces what a token stands for, its limits included: one that the value does
// not have is lifted. The owner stays. The errors are those of Create, without
// ErrQuota, and ErrNone.
func (s *Space) Update(ctx context.Context, text string, v Value) error {
	if err := s.limits.check(&v); err != nil {
		return err
	}
	return s.change(ctx, text, s.engine.peek, s.engine.commit, func(r *store.Record, now time.Time) { v.write(r, now) })
}

// Rotate gives a token another secret: it returns the new text, and the old one is
// worth nothing from then on. All else stays as it is. The errors are ErrNone and those
// of the store.
func (s *Space) Rotate(ctx context.Context, text string) (string, error) {
	var rotated token
	err := s.change(ctx, text, s.engine.store.Get, s.engine.store.Commit, func(r *store.Record, now time.Time) {
		rotated = newToken(r.ID)
		r.Secrets = []store.Secret{{Hash: rotated.hash(), Since: now}}
	})
	if err != nil {
		return "", err
	}
	return rotated.text(), nil
}

// rereads bounds how often a change is tried that meets others: those of this process
// wait for each other, so it takes counted reads to get in the way.
const rereads = 256

// The ways in which a record is found, and written again.
type (
	finder    func(context.Context, store.Kind, store.ID) (store.Record, error)
	committer func(context.Context, ...store.Change) error
)

// change rewrites the record of a token.
func (s *Space) change(ctx context.Context, text string, find finder, commit committer, edit func(*store.Record, time.Time)) error {
	t, ok := parse(text)
	if !ok {
		return ErrNone
	}
	defer s.engine.writing.lock(&t.id).Unlock()
	err := store.ErrConflict
	for try := 0; try < rereads && errors.Is(err, store.ErrConflict); try++ {
		var r store.Record
		if r, err = s.load(ctx, find, &t); err != nil {
			return err
		}
		edit(&r, s.Now())
		err = commit(ctx, store.Put{Record: r})
		s.engine.warm.forget(t.id)
	}
	return notFound(err)
}

// Delete ends a token. The errors are ErrNone and those of the store.
func (s *Space) Delete(ctx context.Context, text string) error {
	t, ok := parse(text)
	if !ok {
		return ErrNone
	}
	if _, err := s.load(ctx, s.engine.peek, &t); err != nil {
		return err
	}
	return s.end(ctx, t.id)
}

// load returns the record that the token opens, and counts nothing.
func (s *Space) load(ctx context.Context, find finder, t *token) (store.Record, error) {
	r, err := find(ctx, s.kind, t.id)
	if err != nil {
		return store.Record{}, notFound(err)
	}
	if life := (Entry{Expires: r.Expires, Written: r.Seen}); life.expired(s.Now()) {
		return store.Record{}, ErrNone
	}
	hash := t.hash()
	for i := range r.Secrets {
		if subtle.ConstantTimeCompare(r.Secrets[i].Hash[:], hash[:]) == 1 {
			return r, nil
		}
	}
	return store.Record{}, ErrNone
}

// end removes records that are there.
func (s *Space) end(ctx context.Context, ids ...store.ID) error {
	changes := make([]store.Change, len(ids))
	for i, id := range ids {
		changes[i] = store.Delete{Kind: s.kind, ID: id}
	}
	err := s.engine.commit(ctx, changes...)
	for _, id := range ids {
		s.engine.warm.forget(id)
	}
	return notFound(err)
}

// Check reports whether tokens can be written now: nil, or why not.
func (s *Space) Check(ctx context.Context) error {
	if h, ok := s.engine.store.(store.Health); ok {
		return h.Healthy(ctx)
	}
	return nil
}

// Now returns the time by which tokens live: that of this machine, except that it does
// not go back as long as the engine is in use.
func (s *Space) Now() time.Time { return s.engine.now() }

// MaxData returns how long the data of a token may be, in bytes.
func (s *Space) MaxData() int { return s.limits.MaxData }

func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrNone
	}
	return err
}
