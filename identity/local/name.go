// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"fmt"
	"strings"
	"unicode"
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
		return "", invalid(FieldName, "user name %q %s", name, whyNoName(name))
	}
	switch i := strings.IndexAny(canonical, notInNames); {
	case canonical == "":
		return "", invalid(FieldName, "a user name is missing")
	case utf8.RuneCountInString(canonical) > maxNameRunes:
		return "", invalid(FieldName, "a user name has at most %d characters", maxNameRunes)
	case i >= 0:
		return "", invalid(FieldName, "user name %q has %q, which separates names in lists", name, canonical[i:i+1])
	case canonical[0] == '-':
		return "", invalid(FieldName, "user name %q begins with -", name)
	}
	return canonical, nil
}

// whyNoName says what the profile refuses in a name. Some characters are refused
// for what stands beside them (RFC 5892, appendix A; RFC 5893, section 2).
func whyNoName(name string) string {
	if !utf8.ValidString(name) {
		return "is not UTF-8"
	}
	for _, r := range name {
		if unicode.IsSpace(r) {
			return fmt.Sprintf("has a space (%U): names have none", r)
		}
		if _, err := precis.UsernameCaseMapped.String(string(r)); err != nil {
			return fmt.Sprintf("has %q (%U), which names do not have: use letters, digits and signs like . - _ @", r, r)
		}
	}
	return "mixes characters that do not go together in a name, such as letters of two directions"
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
