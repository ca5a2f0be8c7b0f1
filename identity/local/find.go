// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/store"
)

// User implements [identity.Source]. A removed user is unknown.
func (u *Users) User(ctx context.Context, id string) (*identity.User, error) {
	if !isID(id) {
		return nil, unknown(id)
	}
	a, err := u.account(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && a.Removed:
		return nil, unknown(id)
	case err != nil:
		return nil, unavailable(err)
	}
	return a.user(), nil
}

// ByName returns the user with this name in any of its forms, also when disabled:
// [identity.ErrUnknown], [ErrRemoved] or [identity.ErrUnavailable] otherwise.
func (u *Users) ByName(ctx context.Context, name string) (*identity.User, error) {
	a, err := u.find(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case a.Removed:
		return nil, removed(name)
	}
	return a.user(), nil
}

// ID returns the ID that belongs to a name, also when its user was removed:
// [identity.ErrUnknown], [ErrErased] or [identity.ErrUnavailable] otherwise.
func (u *Users) ID(ctx context.Context, name string) (string, error) {
	a, err := u.find(ctx, name)
	if err != nil {
		return "", err
	}
	return a.ID, nil
}

// List returns all users, disabled ones too, by name.
func (u *Users) List(ctx context.Context) ([]*identity.User, error) {
	var all []*identity.User
	for a, err := range u.accounts(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, a.user())
	}
	slices.SortFunc(all, func(a, b *identity.User) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// Any reports whether there is a user, disabled ones included: where somebody
// has been, nobody else is offered to make the first account (threat 49).
func (u *Users) Any(ctx context.Context) (bool, error) {
	for _, err := range u.accounts(ctx) {
		return err == nil, err
	}
	return false, nil
}

// accounts yields the accounts that were not removed. An error ends it.
func (u *Users) accounts(ctx context.Context) func(func(*account, error) bool) {
	return func(yield func(*account, error) bool) {
		for d, err := range u.store.Documents(ctx, accountPrefix) {
			var a *account
			if err == nil {
				a, err = parse(d)
			}
			if err != nil {
				yield(nil, unavailable(err))
				return
			}
			if !a.Removed && !yield(a, nil) {
				return
			}
		}
	}
}

// find returns the account with this name, also a removed one:
// [identity.ErrUnknown], [ErrErased] or [identity.ErrUnavailable] otherwise. No person
// can have a name that has no canonical form, so such a name is unknown.
func (u *Users) find(ctx context.Context, name string) (*account, error) {
	claim, err := u.claimOn(ctx, name)
	if err != nil {
		return nil, err
	}
	return u.claimed(ctx, claim)
}

// claimed returns the account that a claim leads to.
func (u *Users) claimed(ctx context.Context, claim store.Document) (*account, error) {
	a, err := u.account(ctx, string(claim.Data))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, unavailable(fmt.Errorf("%w: a name leads to the user %q, who is missing", store.ErrCorrupt, claim.Data))
	case err != nil:
		return nil, unavailable(err)
	}
	return a, nil
}

// account reads one account. The errors are the store's.
func (u *Users) account(ctx context.Context, id string) (*account, error) {
	d, err := u.store.Document(ctx, accountPrefix+id)
	if err != nil {
		return nil, err
	}
	return parse(d)
}

// claim returns the name of the document that keeps a user name for one user.
func (u *Users) claim(canonical string) string { return claimPrefix + u.blind(canonical) }
