// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Authenticate implements [identity.Source]. Whatever is wrong, it computes one
// hash, so that its time does not tell which names exist (threat 24).
//
// While hashes of an older cost are about, a wrong password for one of those
// takes that older time; it ends with the person's next sign-in.
func (u *Users) Authenticate(ctx context.Context, name, password string) (*identity.User, error) {
	leave, err := u.hasher.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()

	a, err := u.find(ctx, name)
	switch {
	case isNobody(err):
		a = &account{}
	case err != nil:
		return nil, err
	}
	prepared, unfit := prepare(password)
	if !u.hasher.matches(a.Password, prepared) || unfit != nil {
		return nil, identity.ErrWrong
	}
	u.renew(ctx, a, prepared)
	return u.confirm(ctx, a)
}

// renew hashes a password again when hashes cost something else by now. It may
// fail without harm: the old hash is as good as before, and whoever was faster
// has set a newer password.
func (u *Users) renew(ctx context.Context, a *account, password []byte) {
	if a.Password.params == u.hasher.params {
		return
	}
	renewed := *a
	renewed.Password = u.hasher.hash(password)
	if u.store.Commit(ctx, renewed.put()) == nil {
		a.Password = renewed.Password
	}
}

// confirm reads an account again: a hash takes long enough for somebody to
// change the password or to disable the user meanwhile, and the old password
// must then not open a session which nobody ends any more.
func (u *Users) confirm(ctx context.Context, a *account) (*identity.User, error) {
	now, err := u.account(ctx, a.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, identity.ErrWrong
	case err != nil:
		return nil, unavailable(err)
	case now.Password.text() != a.Password.text():
		return nil, identity.ErrWrong
	case now.Disabled:
		return nil, identity.ErrDisabled
	}
	return now.user(), nil
}
