// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Naming says as whom an app knows a person: by which of their names, and as a
// member of which groups. It changes what the app is told, in headers, assertion and
// placeholders, and nothing that is decided here: policy, audit and `sub` go by the
// person themselves. The zero value is the name that they sign in with, and all groups.
type Naming struct {
	userAs    string
	attribute string // of which userAs is "attr:…"
	groups    []GroupPattern
	some      bool // only groups that a pattern covers
}

// The words of ParseNaming.
const (
	asName     = "name"
	asEmail    = "email"
	asLower    = "lower"
	asAttr     = "attr:"
	noneOfThem = "off"
)

// BySignIn reports whether the app knows people by the name with which they sign in, but
// for its case: by what it calls somebody they are found again.
func (n Naming) BySignIn() bool { return n.userAs == "" || n.userAs == asName || n.userAs == asLower }

// ParseNaming reads `name`, `email`, `lower` (the name without upper-case letters) or
// `attr:KEY`, where an empty text is `name`; and patterns of group names, where none
// are all groups and the pattern `off` is no group.
func ParseNaming(userAs string, groups ...string) (Naming, error) {
	n := Naming{userAs: userAs, some: len(groups) > 0}
	key, attr := strings.CutPrefix(userAs, asAttr)
	switch {
	case attr && (key == "" || !sendable(key)):
		return Naming{}, fmt.Errorf("%q names no attribute: write attr:KEY", userAs)
	case attr:
		n.attribute = key
	case userAs != "" && !slices.Contains([]string{asName, asEmail, asLower}, userAs):
		return Naming{}, fmt.Errorf("%q is no name of a person: write name, email, lower or attr:KEY", userAs)
	}
	for _, text := range groups {
		if text == noneOfThem {
			if len(groups) > 1 {
				return Naming{}, fmt.Errorf("%q stands alone: remove it or the patterns beside it", noneOfThem)
			}
			break
		}
		if !sendable(text) || strings.ContainsAny(text, ",|;") {
			return Naming{}, fmt.Errorf("%q is no pattern of group names: they hold none of , | ; and no control character", text)
		}
		n.groups = append(n.groups, GroupPattern(text))
	}
	return n, nil
}

// UnnamedError says why an app cannot be told who a person is. Its text names no
// value of the person.
type UnnamedError struct{ why string }

func (e *UnnamedError) Error() string { return e.why }

func unnamed(format string, args ...any) error { return &UnnamedError{fmt.Sprintf(format, args...)} }

func isUnnamed(err error) bool {
	if err == nil {
		return false // before the target of errors.As is allocated, at each request
	}
	var e *UnnamedError
	return errors.As(err, &e)
}

// Of returns the user as the app knows them, or an [UnnamedError]. An app that went on
// without the name would take the person for nobody, or for the one before.
func (n *Naming) Of(u *identity.User) (*identity.User, error) {
	name := n.name(u)
	switch {
	case name == "":
		return nil, unnamed("user_as %s: the user has none", n.userAs)
	case !sendable(name):
		return nil, unnamed("user_as %s: it has a character that cannot be sent, or begins or ends with a space", n.userAs)
	case name == u.Name && !n.some:
		return u, nil
	}
	told := *u
	told.Name = name
	if n.some {
		told.Groups = slices.DeleteFunc(slices.Clone(u.Groups), func(group string) bool { return !n.sends(group) })
	}
	return &told, nil
}

func (n *Naming) name(u *identity.User) string {
	switch {
	case n.attribute != "":
		return u.Attributes[n.attribute]
	case n.userAs == asEmail:
		return u.Email
	case n.userAs == asLower:
		return strings.ToLower(u.Name)
	}
	return u.Name
}

func (n *Naming) sends(group string) bool {
	return slices.ContainsFunc(n.groups, func(p GroupPattern) bool { return p.Covers(group) })
}

// GroupPattern is a name of a group in which `*` stands for any text, also none.
// Upper and lower case count, as they do in the names.
type GroupPattern string

// Covers reports whether the pattern fits the whole name of a group.
func (p GroupPattern) Covers(group string) bool {
	parts := strings.Split(string(p), "*")
	rest, fits := strings.CutPrefix(group, parts[0])
	if len(parts) == 1 {
		return fits && rest == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		var found bool
		if _, rest, found = strings.Cut(rest, part); !found {
			return false
		}
	}
	return fits && strings.HasSuffix(rest, parts[last])
}
