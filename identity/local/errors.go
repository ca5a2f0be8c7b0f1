// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Errors of a change, possibly wrapped; [identity.ErrUnknown] when no user has
// the name, and [identity.ErrBusy] and [identity.ErrUnavailable] besides.
var (
	// ErrExists means that the name belongs to another user.
	ErrExists = errors.New("user exists already")
	// ErrRemoved means that the name belongs to a user who was removed. It is
	// never given to another person; [Users.Enable] brings the same one back.
	ErrRemoved = errors.New("user was removed")
	// ErrErased is an ErrRemoved of a user of whom nothing is left: nobody comes back.
	ErrErased = fmt.Errorf("%w for good", ErrRemoved)
	// ErrInvalid means that a name, password, e-mail address or group cannot be
	// taken; its text says why.
	ErrInvalid = errors.New("not possible")
)

// Field is what an [InvalidError] is about, in words.
type Field string

// The fields of a user.
const (
	FieldName      Field = "user name"
	FieldFullName  Field = "full name"
	FieldEmail     Field = "e-mail address"
	FieldGroup     Field = "group"
	FieldAttribute Field = "attribute"
	FieldPassword  Field = "password"
)

// InvalidError says which part of a user cannot be taken, and why. It is an
// ErrInvalid, and never shows a password.
type InvalidError struct {
	Field Field
	why   string
}

func (e *InvalidError) Error() string { return ErrInvalid.Error() + ": " + e.why }

// Unwrap makes it an ErrInvalid.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

func invalid(field Field, format string, args ...any) error {
	return &InvalidError{Field: field, why: fmt.Sprintf(format, args...)}
}

func unavailable(err error) error {
	return fmt.Errorf("%w: %w", identity.ErrUnavailable, err)
}

func unknown(name string) error {
	return fmt.Errorf("%w: %q", identity.ErrUnknown, name)
}

func exists(name string) error { return fmt.Errorf("%w: %q", ErrExists, name) }

func erased(name string) error {
	return fmt.Errorf("%w: the name %q is never given to another person; choose another name", ErrErased, name)
}

func removed(name string) error {
	return fmt.Errorf("%w: the name %q is kept for that person, whom `caddy gatehouse user enable %s` brings back", ErrRemoved, name, name)
}
