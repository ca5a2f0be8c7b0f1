// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/store"
)

// The errors of all changes of a user are those of package local:
// [identity.ErrUnknown], [local.ErrExists], [local.ErrRemoved],
// [local.ErrInvalid], [identity.ErrBusy] and [identity.ErrUnavailable].

// ListUsers returns all users by name, disabled ones too.
func (a *Admin) ListUsers(ctx context.Context) ([]User, error) {
	all, err := a.Users.List(ctx)
	if err != nil {
		return nil, err
	}
	users := make([]User, 0, len(all))
	for _, user := range all {
		users = append(users, seen(user))
	}
	return users, nil
}

// AddUser makes a user.
func (a *Admin) AddUser(ctx context.Context, n NewUser) (UserChange, error) {
	user, err := a.Users.Add(ctx, local.NewUser{
		Name: n.Name, FullName: n.FullName, Email: n.Email, Groups: n.Groups, Attributes: n.Attributes, Password: string(n.Password),
	})
	return a.answer(user, err, "added")
}

// SetUser changes name, e-mail address, groups and attributes. It counts at the next request
// of a live session.
func (a *Admin) SetUser(ctx context.Context, e UserEdit) (UserChange, error) {
	user, err := a.Users.Set(ctx, e.Name, local.Edit{
		FullName: e.FullName, Email: e.Email, Groups: e.Groups, Attributes: e.Attributes,
	})
	return a.answer(user, err, "changed")
}

// SetPassword gives a user another password, ends all their sessions and revokes their
// access tokens: one of them may be why.
func (a *Admin) SetPassword(ctx context.Context, p NewPassword) (UserChange, error) {
	user, err := a.Users.SetPassword(ctx, p.Name, string(p.Password))
	return a.answerRevoking(ctx, user, err, "password set")
}

// DisableUser keeps a user from signing in and ends all their sessions. Their access
// tokens are refused until they are enabled.
func (a *Admin) DisableUser(ctx context.Context, n UserName) (UserChange, error) {
	user, err := a.Users.Disable(ctx, n.Name)
	return a.answerEnding(ctx, user, err, "disabled")
}

// RemoveUser removes a user, ends all their sessions and revokes their access tokens. The name is kept for
// the same person; [Admin.EnableUser] brings them back, unless they are erased.
func (a *Admin) RemoveUser(ctx context.Context, n UserRemoval) (UserChange, error) {
	if n.Erase {
		return a.eraseUser(ctx, n.Name)
	}
	user, err := a.Users.Remove(ctx, n.Name)
	return a.answerRevoking(ctx, user, err, "removed")
}

// EnableUser lets a disabled or removed user sign in again. Sessions from before,
// which could not be ended then, are ended first: they must not come back with the
// user.
func (a *Admin) EnableUser(ctx context.Context, n UserName) (UserChange, error) {
	ended, err := a.endLeftovers(ctx, n.Name)
	if err != nil {
		return UserChange{SessionsEnded: ended}, err
	}
	user, restored, err := a.Users.Enable(ctx, n.Name)
	change, err := a.answer(user, err, "enabled")
	change.SessionsEnded = ended
	if restored {
		change.Note = fmt.Sprintf("%s is back as the same person and cannot sign in until a password is set; groups have to be given anew", user.Name)
	}
	return change, err
}

// UnlockUser forgets the wrong passwords of a user, so that they can try again at once.
func (a *Admin) UnlockUser(ctx context.Context, n UserName) (UserChange, error) {
	user, err := a.Users.ByName(ctx, n.Name)
	if err == nil {
		err = a.Throttle.Unlock(ctx, user.Name)
	}
	return a.answer(user, err, "unlocked")
}

// endLeftovers ends the sessions of a user who is not allowed to have any.
func (a *Admin) endLeftovers(ctx context.Context, name string) (int, error) {
	user, err := a.Users.ByName(ctx, name)
	switch {
	case errors.Is(err, local.ErrRemoved):
		id, err := a.Users.ID(ctx, name)
		if err != nil {
			return 0, err
		}
		user = &identity.User{ID: id, Name: name}
		if _, err := a.revokeTokens(ctx, user, "enabled"); err != nil {
			return 0, fmt.Errorf("%s cannot sign in yet: not all access tokens from before are revoked; try again: %w", name, err)
		}
	case err != nil:
		return 0, err
	case !user.Disabled:
		return 0, nil
	}
	n, err := a.end(ctx, user, "enabled")
	if err != nil {
		err = fmt.Errorf("%s cannot sign in yet: not all sessions from before are ended; try again: %w", name, err)
	}
	return n, err
}

func (a *Admin) answer(user *identity.User, err error, what string) (UserChange, error) {
	if err != nil {
		return UserChange{}, err
	}
	a.changed(user, what)
	return UserChange{User: seen(user)}, nil
}

// answerEnding is answer for a change that ends all sessions of the user.
func (a *Admin) answerEnding(ctx context.Context, user *identity.User, err error, what string) (UserChange, error) {
	change, err := a.answer(user, err, what)
	if err != nil {
		return change, err
	}
	change.SessionsEnded, err = a.end(ctx, user, what)
	if err != nil {
		err = fmt.Errorf("%s: %s, but not all sessions are ended; end them again: %w", user.Name, what, err)
	}
	return change, err
}

// end ends all sessions of a user. It goes on when the one who asked has gone:
// half of a lock-out is none.
func (a *Admin) end(ctx context.Context, user *identity.User, why string) (int, error) {
	n, err := a.sessions().EndAll(context.WithoutCancel(ctx), user.ID, store.ID{})
	if n > 0 {
		a.Audit.Record(audit.Event{Kind: audit.SessionsEnded, User: user.Name, Reason: "user " + why + byOperator, Count: n})
	}
	return n, err
}
