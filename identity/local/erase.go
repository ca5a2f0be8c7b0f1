// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/store"
)

// erasedClaim is what the claim on the name of an erased user leads to. It is no ID.
const erasedClaim = "erased"

// Erase forgets everything about a user, also about one who was removed, but that the
// name is taken: not even the ID is left, so nobody can bring the person back. It
// cannot be given to another person by chance either, since IDs are random. The
// errors are [identity.ErrUnknown], [ErrErased] and [identity.ErrUnavailable].
func (u *Users) Erase(ctx context.Context, name string) error {
	var last error
	for range maxTries {
		claim, err := u.claimOn(ctx, name)
		if err != nil {
			return err
		}
		a, err := u.claimed(ctx, claim)
		if err != nil {
			return err
		}
		claim.Data = []byte(erasedClaim)
		last = u.store.Commit(ctx, store.DeleteDocument{Name: accountPrefix + a.ID, Version: a.Version}, store.PutDocument{Document: claim})
		switch {
		case last == nil:
			return nil
		case errors.Is(last, store.ErrConflict), errors.Is(last, store.ErrNotFound):
			continue // somebody was faster
		}
		break
	}
	return unavailable(last)
}

// claimOn returns the claim on a name: [identity.ErrUnknown] when there is none,
// [ErrErased] when it leads to nobody any more.
func (u *Users) claimOn(ctx context.Context, name string) (store.Document, error) {
	canonical, err := Canonical(name)
	if err != nil {
		return store.Document{}, unknown(name)
	}
	claim, err := u.store.Document(ctx, u.claim(canonical))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Document{}, unknown(name)
	case err != nil:
		return store.Document{}, unavailable(err)
	case string(claim.Data) == erasedClaim:
		return store.Document{}, erased(name)
	}
	return claim, nil
}

// isNobody reports whether an error says that nobody has the name.
func isNobody(err error) bool {
	return errors.Is(err, identity.ErrUnknown) || errors.Is(err, ErrErased)
}
