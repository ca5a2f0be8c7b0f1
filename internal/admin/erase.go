// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

// eraseUser removes a user and everything that is kept of them. The account goes last,
// since all else is found by its ID: whoever is told of an error can ask again.
//
// Deleted bytes go with it, where the store leaves any.
//
// Two things go by themselves: an app that has to be told of the end of a session is
// told, by a message that holds the ID; and wrong guesses in a browser that knew the
// person are counted for a quarter of an hour, under a name that says nothing.
func (a *Admin) eraseUser(ctx context.Context, name string) (UserChange, error) {
	user, err := a.Users.Remove(ctx, name)
	if errors.Is(err, local.ErrRemoved) {
		user, err = a.removedBefore(ctx, name)
	}
	if err != nil {
		return UserChange{}, err
	}
	// Half of it would leave what nobody finds any more.
	ctx = context.WithoutCancel(ctx)
	change := UserChange{User: seen(user)}
	change.SessionsEnded, err = a.end(ctx, user, "erased")
	if err == nil {
		change.TokensRevoked, err = a.revokeTokens(ctx, user, "erased")
	}
	if err == nil {
		err = (&resend.Keeper{Store: a.Live}).Forget(ctx, user.ID)
	}
	if err == nil {
		err = (&voucher.Keeper{Store: a.Live}).Forget(ctx, user.ID)
	}
	if err == nil {
		err = a.Throttle.Unlock(ctx, user.Name)
	}
	if err == nil {
		err = a.Users.Erase(ctx, user.Name)
	}
	if err != nil {
		return change, fmt.Errorf("%s is removed and cannot sign in, but not everything is erased; erase again: %w", user.Name, err)
	}
	a.changed(user, "erased")
	change.Note = a.scrub(ctx)
	return change, nil
}

// scrub sees to it that deleted bytes are gone, and returns what there is to say when they
// are not. That undoes nothing: no record leads to them any more.
func (a *Admin) scrub(ctx context.Context) (note string) {
	if a.Scrub == nil {
		return ""
	}
	if err := a.Scrub(ctx); err != nil {
		return fmt.Sprintf("nothing leads to it any more, but deleted bytes stay in the store's file until they are written over, since it could not be written anew: %v", err)
	}
	return ""
}

// removedBefore returns what is left of a user who was removed.
func (a *Admin) removedBefore(ctx context.Context, name string) (*identity.User, error) {
	id, err := a.Users.ID(ctx, name)
	if err != nil {
		return nil, err
	}
	canonical, err := local.Canonical(name)
	return &identity.User{ID: id, Source: local.Source, Name: canonical}, err
}
