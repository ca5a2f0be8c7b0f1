// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Edit says what [Users.Set] changes: nil leaves a value as it is, an empty one
// clears it.
type Edit struct {
	FullName *string
	Email    *string
	Groups   *[]string
	// Attributes are set one by one, and those that are not named stay; an empty
	// value removes one.
	Attributes map[string]string
}

// Set changes what is known of a user: [ErrInvalid], [identity.ErrUnknown] or
// [ErrRemoved] when that is not possible.
func (u *Users) Set(ctx context.Context, name string, e Edit) (*identity.User, error) {
	return u.change(ctx, name, func(a *account) error { return a.edit(e) })
}

// SetPassword gives a user another password, at once and without looking at the
// old one. Sessions go on until the caller ends them.
func (u *Users) SetPassword(ctx context.Context, name, password string) (*identity.User, error) {
	hashed, err := u.hashNew(ctx, password)
	if err != nil {
		return nil, err
	}
	return u.change(ctx, name, func(a *account) error {
		a.Password = hashed
		return nil
	})
}

// Disable keeps a user from signing in. Everything about them stays.
func (u *Users) Disable(ctx context.Context, name string) (*identity.User, error) {
	return u.change(ctx, name, func(a *account) error {
		a.Disabled = true
		return nil
	})
}

// Enable lets a disabled user sign in again. A removed user comes back as the
// same person, with the same ID and name and with nothing else: restored then
// reports that groups have to be given anew, and a password before they can sign in.
func (u *Users) Enable(ctx context.Context, name string) (user *identity.User, restored bool, err error) {
	canonical, err := Canonical(name)
	if err != nil {
		return nil, false, unknown(name)
	}
	user, err = u.rewrite(ctx, name, func(a *account) error {
		restored = a.Removed
		a.Disabled, a.Removed, a.Name = false, false, canonical
		return nil
	})
	return user, restored, err
}

// Remove forgets everything about a user but the ID and the claim on the name,
// so that neither is ever given to another person.
func (u *Users) Remove(ctx context.Context, name string) (*identity.User, error) {
	var was *identity.User
	_, err := u.change(ctx, name, func(a *account) error {
		was = a.user()
		*a = account{ID: a.ID, Version: a.Version, Removed: true}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return was, nil
}

// change rewrites an account that was not removed.
func (u *Users) change(ctx context.Context, name string, how func(*account) error) (*identity.User, error) {
	return u.rewrite(ctx, name, func(a *account) error {
		if a.Removed {
			return removed(name)
		}
		return how(a)
	})
}

// maxTries bounds how often a change starts again since somebody was faster.
const maxTries = 16

// rewrite reads an account, changes it and writes it, again when somebody else
// has changed it in between: how sees each account afresh.
func (u *Users) rewrite(ctx context.Context, name string, how func(*account) error) (*identity.User, error) {
	var last error
	for range maxTries {
		a, err := u.find(ctx, name)
		if err != nil {
			return nil, err
		}
		if err := how(a); err != nil {
			return nil, err
		}
		last = u.store.Commit(ctx, a.put())
		if last == nil {
			a.Version++
			return a.user(), nil
		}
		if !errors.Is(last, store.ErrConflict) {
			break
		}
	}
	return nil, unavailable(last)
}

func (a *account) edit(e Edit) error {
	if e.FullName != nil {
		if err := checkFullName(*e.FullName); err != nil {
			return err
		}
		a.FullName = *e.FullName
	}
	if e.Email != nil {
		if err := checkEmail(*e.Email); err != nil {
			return err
		}
		a.Email = *e.Email
	}
	if e.Groups != nil {
		groups, err := cleanGroups(*e.Groups)
		if err != nil {
			return err
		}
		a.Groups = groups
	}
	attributes, err := editAttributes(a.Attributes, e.Attributes)
	if err != nil {
		return err
	}
	a.Attributes = attributes
	return nil
}
