// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// How long a password may be. There are no other rules about what it consists
// of: they make passwords worse (NIST SP 800-63B, section 3.1.1.2).
const (
	MinPasswordRunes = 8
	MaxPasswordBytes = 1024
)

// prepare returns the bytes of a password that are hashed: OpaqueString of RFC
// 8265, section 4.2, so that an "é" typed on any keyboard is the same one. A
// password is never cut to fit. No error shows any part of it.
func prepare(password string) ([]byte, error) {
	if len(password) > MaxPasswordBytes {
		return nil, invalid(FieldPassword, "a password has at most %d bytes", MaxPasswordBytes)
	}
	if !utf8.ValidString(password) {
		return nil, invalid(FieldPassword, "a password is not UTF-8: type it on a terminal or in a form, or convert it")
	}
	prepared, err := precis.OpaqueString.String(password)
	switch {
	case err != nil:
		return nil, invalid(FieldPassword, "a password is missing or has a control character")
	case len(prepared) > MaxPasswordBytes:
		return nil, invalid(FieldPassword, "a password has at most %d bytes", MaxPasswordBytes)
	}
	return []byte(prepared), nil
}

// prepareNew is prepare for a password that is to be set.
func prepareNew(password string) ([]byte, error) {
	prepared, err := prepare(password)
	if err == nil && utf8.RuneCount(prepared) < MinPasswordRunes {
		err = invalid(FieldPassword, "a password has at least %d characters", MinPasswordRunes)
	}
	if err != nil {
		return nil, err
	}
	return prepared, nil
}
