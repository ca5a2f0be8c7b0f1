// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package identity is the contract between Gatehouse and the places where users
// come from. A source knows people and can check a password; it knows nothing of
// sessions, cookies or apps.
package identity

import (
	"context"
	"errors"
)

// Errors that a source returns, possibly wrapped.
var (
	// ErrWrong means that name and password do not belong together. It does not
	// say which of them is wrong, and takes as long either way.
	ErrWrong = errors.New("wrong name or password")
	// ErrDisabled means that name and password are right and the user may not
	// sign in. Only somebody who knows the password learns it.
	ErrDisabled = errors.New("user is disabled")
	// ErrUnknown means that no user has this ID.
	ErrUnknown = errors.New("no such user")
	// ErrBusy means that too many passwords are being checked at once.
	ErrBusy = errors.New("too many sign-ins at once")
	// ErrUnavailable means that the source cannot answer now.
	ErrUnavailable = errors.New("identity source unavailable")
)

// User is what is known of a person. A User is never changed once it has been
// returned; a change makes a new one with a higher Version.
type User struct {
	// ID is the `sub` of assertions: stable for as long as the person exists
	// and never given to anybody else.
	ID string
	// Source is the name of the source that the person comes from ("local").
	Source string
	// Name is what the person types to sign in, in its canonical form.
	Name string
	// FullName, Email and Groups may be empty. A group name holds none of `,`, `|`, `;`.
	FullName string
	Email    string
	Groups   []string
	// Attributes are what else is known of the person, by name: the number in the
	// payroll, the name in an old app. It may be nil, and nobody writes to it.
	Attributes map[string]string
	// Disabled says that the person may not sign in and that no live session counts.
	Disabled bool
	// Version grows with every change.
	Version uint64
}

// In reports whether the user is a member of the group.
func (u *User) In(group string) bool {
	for _, g := range u.Groups {
		if g == group {
			return true
		}
	}
	return false
}

// Source is a place where users come from.
type Source interface {
	// Authenticate returns the user whose name and password these are. The
	// errors are ErrWrong, ErrDisabled, ErrBusy and ErrUnavailable.
	Authenticate(ctx context.Context, name, password string) (*User, error)

	// User returns the user with this ID as it is now, also when disabled:
	// ErrUnknown or ErrUnavailable otherwise.
	User(ctx context.Context, id string) (*User, error)
}
