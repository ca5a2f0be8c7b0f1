// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What an account may hold. All of it travels in headers and assertions.
const (
	maxFullNameBytes = 256
	maxEmailBytes    = 254 // RFC 5321, section 4.5.3.1.3, without the brackets
	maxGroupBytes    = 128
	maxGroups        = 1000
	notInGroups      = ",|;"
	notInEmails      = `,;<>"()[]\`
)

func checkFullName(name string) error {
	return checkLine(FieldFullName, name, maxFullNameBytes)
}

func checkEmail(email string) error {
	if email == "" {
		return nil
	}
	if err := checkLine(FieldEmail, email, maxEmailBytes); err != nil {
		return err
	}
	local, domain, found := strings.Cut(email, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") ||
		strings.ContainsAny(email, notInEmails) || strings.ContainsFunc(email, unicode.IsSpace) {
		return invalid(FieldEmail, "%q is no e-mail address", email)
	}
	return nil
}

// cleanGroups returns the groups without repetitions, in the order given.
func cleanGroups(groups []string) ([]string, error) {
	var clean []string
	for _, group := range groups {
		group = norm.NFC.String(group)
		if err := checkGroup(group); err != nil {
			return nil, err
		}
		if !slices.Contains(clean, group) {
			clean = append(clean, group)
		}
		if len(clean) > maxGroups {
			return nil, invalid(FieldGroup, "a user has at most %d groups", maxGroups)
		}
	}
	return clean, nil
}

func checkGroup(group string) error {
	switch {
	case group == "":
		return invalid(FieldGroup, "a group name is empty")
	case strings.ContainsAny(group, notInGroups):
		return invalid(FieldGroup, "group %q has one of %s, which separate groups", group, notInGroups)
	}
	return checkLine(FieldGroup, group, maxGroupBytes)
}

// checkLine refuses what would not stay one line, or would not read as it is
// written, in a header, a log or a list.
func checkLine(what Field, text string, most int) error {
	switch {
	case len(text) > most:
		return invalid(what, "the %s is longer than %d bytes", what, most)
	case !utf8.ValidString(text):
		return invalid(what, "the %s %q is not UTF-8", what, text)
	case strings.ContainsFunc(text, breaksLine):
		return invalid(what, "the %s %q has a control character", what, text)
	case strings.TrimSpace(text) != text:
		return invalid(what, "the %s %q begins or ends with a space", what, text)
	}
	return nil
}

// breaksLine reports whether r ends or reorders a line: controls, line and
// paragraph separators, and the marks that make text read backwards.
func breaksLine(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) ||
		unicode.Is(unicode.Bidi_Control, r)
}
