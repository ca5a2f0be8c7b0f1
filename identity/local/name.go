// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// The longest name, and what it may not contain besides spaces and controls:
// the signs that lists of users, groups and paths are written with.
const (
	maxNameRunes = 64
	notInNames   = `,|;:/\`
)

// Canonical returns the one form of a user name, in which it is stored, compared,
// shown and counted: UsernameCaseMapped of RFC 8265, section 3.3, so that "Anna",
// "ANNA" and "ａｎｎａ" are one person. A name has 1 to 64 characters, no
// space, no control, none of `,|;:/\`, and does not begin with `-`, which would
// read as an option of a command. The error wraps [ErrInvalid].
func Canonical(name string) (string, error) {
	// Before any mapping, so that the length of what a client sends costs nothing.
	if len(name) > maxNameRunes*utf8.UTFMax {
		return "", invalid(FieldName, "a user name has at most %d characters", maxNameRunes)
	}
	canonical, err := mapName(name)
	if err != nil {
		return "", invalid(FieldName, "user name %q has a character that names do not have", name)
	}
	switch {
	case canonical == "":
		return "", invalid(FieldName, "a user name is missing")
	case utf8.RuneCountInString(canonical) > maxNameRunes:
		return "", invalid(FieldName, "a user name has at most %d characters", maxNameRunes)
	case strings.ContainsAny(canonical, notInNames):
		return "", invalid(FieldName, "user name %q has one of %s", name, notInNames)
	case canonical[0] == '-':
		return "", invalid(FieldName, "user name %q begins with -", name)
	}
	return canonical, nil
}

// mapName applies the profile until nothing changes any more: once is not
// enough for every code point (RFC 8265, section 3.3.2), and a name with two
// forms would have two counters of wrong guesses.
func mapName(name string) (string, error) {
	for range 4 {
		mapped, err := precis.UsernameCaseMapped.String(name)
		if err != nil || mapped == name {
			return mapped, err
		}
		name = mapped
	}
	return "", invalid(FieldName, "user name %q has no stable form", name)
}
