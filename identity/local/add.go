// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/store"
)

// NewUser is what [Users.Add] needs to know. Name and Password must be set.
type NewUser struct {
	Name       string
	FullName   string
	Email      string
	Groups     []string
	Attributes map[string]string
	Password   string
}

// Problems returns what cannot be taken of a new user, field by field, so that a
// form can show it all at once. It is empty where [Users.Add] would not return
// [ErrInvalid].
func (n NewUser) Problems() []*InvalidError {
	_, name := Canonical(n.Name)
	_, password := prepareNew(n.Password)
	var problems []*InvalidError
	for _, err := range []error{
		name,
		new(account).edit(Edit{FullName: &n.FullName}),
		new(account).edit(Edit{Email: &n.Email}),
		new(account).edit(Edit{Groups: &n.Groups}),
		new(account).edit(Edit{Attributes: n.Attributes}),
		password,
	} {
		var problem *InvalidError
		if errors.As(err, &problem) {
			problems = append(problems, problem)
		}
	}
	return problems
}

// Add makes a user: [ErrInvalid], [ErrExists] or [ErrRemoved] when that is not possible.
//
// The changes in with become durable in the same commit or not at all; when one
// of them finds nothing, the error is store.ErrNotFound and there is no user.
func (u *Users) Add(ctx context.Context, n NewUser, with ...store.Change) (*identity.User, error) {
	name, err := Canonical(n.Name)
	if err != nil {
		return nil, err
	}
	a := &account{ID: newID(), Name: name}
	if err := a.edit(Edit{FullName: &n.FullName, Email: &n.Email, Groups: &n.Groups, Attributes: n.Attributes}); err != nil {
		return nil, err
	}
	if a.Password, err = u.hashNew(ctx, n.Password); err != nil {
		return nil, err
	}
	claim := store.PutDocument{Document: store.Document{Name: u.claim(name), Data: []byte(a.ID)}}
	err = u.store.Commit(ctx, append(with, a.put(), claim)...)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, err
	case errors.Is(err, store.ErrConflict):
		return nil, u.taken(ctx, name)
	case err != nil:
		return nil, unavailable(err)
	}
	a.Version++
	return a.user(), nil
}

// taken says why a name cannot be given to a new user.
func (u *Users) taken(ctx context.Context, name string) error {
	a, err := u.find(ctx, name)
	switch {
	case err != nil:
		return err
	case a.Removed:
		return removed(name)
	}
	return exists(name)
}

func (u *Users) hashNew(ctx context.Context, password string) (hash, error) {
	prepared, err := prepareNew(password)
	if err != nil {
		return hash{}, err
	}
	leave, err := u.hasher.turn(ctx)
	if err != nil {
		return hash{}, err
	}
	defer leave()
	return u.hasher.hash(prepared), nil
}
