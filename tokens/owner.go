// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Info is what a list shows of a token. Nobody can read the token with it.
type Info struct {
	// ID is the beginning of the token's text.
	ID    store.ID
	Owner string
	// Created is when the token was made, Written when it was updated last.
	Created, Written time.Time
	// Expires is when it ends by time. Zero means never.
	Expires time.Time
	// Reads is how many reads are left. Zero means any number.
	Reads uint32
	// Size is the length of the data, in bytes.
	Size int
}

// List yields the tokens of an owner, or with no owner all of the namespace, oldest
// first. What is changed meanwhile may or may not be seen. An error ends it.
func (s *Space) List(ctx context.Context, owner string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for r, err := range s.engine.store.List(ctx, s.kind, store.Filter{Owner: owner}) {
			info := Info{
				ID: r.ID, Owner: r.Owner, Created: r.Created, Written: r.Seen, Expires: r.Expires,
				Reads: r.Reads, Size: max(0, len(r.Payload)-1),
			}
			if !yield(info, err) || err != nil {
				return
			}
		}
	}
}

// End ends the token with this ID, for whoever has seen it in a list. The errors are
// ErrNone and those of the store.
func (s *Space) End(ctx context.Context, id store.ID) error { return s.end(ctx, id) }

// endBatch is how many tokens are ended in one commit.
const endBatch = 256

// EndAll ends the tokens of an owner, or with no owner all of the namespace, except
// those to keep, and returns how many. A token that is created meanwhile may stay.
func (s *Space) EndAll(ctx context.Context, owner string, keep ...store.ID) (n int, err error) {
	var ids []store.ID
	for info, err := range s.List(ctx, owner) {
		if err != nil {
			return 0, err
		}
		if !slices.Contains(keep, info.ID) {
			ids = append(ids, info.ID)
		}
	}
	for batch := range slices.Chunk(ids, endBatch) {
		ended, err := s.endBatch(ctx, batch)
		n += ended
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// endBatch ends tokens together, or one by one when some have gone by themselves.
func (s *Space) endBatch(ctx context.Context, ids []store.ID) (n int, err error) {
	if err := s.end(ctx, ids...); !errors.Is(err, ErrNone) {
		if err != nil {
			return 0, err
		}
		return len(ids), nil
	}
	for _, id := range ids {
		switch err := s.end(ctx, id); {
		case err == nil:
			n++
		case !errors.Is(err, ErrNone):
			return n, err
		}
	}
	return n, nil
}
