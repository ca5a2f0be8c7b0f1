// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"

	"github.com/gatehouse-sso/gatehouse/store"
)

// maxFollows bounds how many sessions a session remembers to have come after.
const maxFollows = 16

// follow gives a new session its bond, and notes what it comes after when that was
// the same person's. It counts only in the commit that deletes the session before:
// whoever has signed out meanwhile has left nothing to take up.
func (k *Keeper) follow(ctx context.Context, s *Session, login Login) error {
	s.Bond, s.follows = rand.Text(), nil
	if login.Replaces.IsZero() {
		return nil
	}
	old, err := k.Get(ctx, login.Replaces)
	switch {
	case errors.Is(err, ErrNone):
		return nil
	case err != nil:
		return err
	case old.UserID != s.UserID:
		return nil
	}
	s.follows = append(old.follows, old.ID)
	s.follows = s.follows[max(0, len(s.follows)-maxFollows):]
	if login.Resume {
		s.Bond = old.Bond
	}
	return nil
}

// Follows reports whether this session came after the one of that ID, of the same
// person at the same browser, without a sign-out between them.
func (s *Session) Follows(id store.ID) bool { return slices.Contains(s.follows, id) }
