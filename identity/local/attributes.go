// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"maps"
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
	maxAttributes    = 64
	maxKeyBytes      = 64
	maxValueBytes    = 256
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

// editAttributes returns the attributes with some set, or removed where the value
// is empty. It leaves alone what it is given.
func editAttributes(now, edit map[string]string) (map[string]string, error) {
	after := maps.Clone(now)
	for _, key := range slices.Sorted(maps.Keys(edit)) {
		value := norm.NFC.String(edit[key])
		if err := checkAttribute(key, value); err != nil {
			return nil, err
		}
		if value == "" {
			delete(after, key)
			continue
		}
		if after == nil {
			after = map[string]string{}
		}
		after[key] = value
	}
	if len(after) > maxAttributes {
		return nil, invalid(FieldAttribute, "a user has at most %d attributes", maxAttributes)
	}
	return after, nil
}

func checkAttribute(key, value string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	if key == "" || len(key) > maxKeyBytes || strings.Trim(key, letters) != "" {
		return invalid(FieldAttribute, "%q is not the name of an attribute: use at most %d letters, digits, hyphens, underscores and dots", key, maxKeyBytes)
	}
	return checkLine(FieldAttribute, value, maxValueBytes)
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
