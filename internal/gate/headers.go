// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Headers are the names under which an app learns who it is dealing with, in
// canonical form (http.CanonicalHeaderKey). An empty name is not sent.
type Headers struct {
	JWT, User, Name, Email, Groups string
	// Expires is the name for when the session ends if nothing more happens, in
	// seconds since 1970 UTC.
	Expires string
	// Separator stands between groups: ",", "|" or ";".
	Separator string
	// Encoding is that of names, e-mail addresses and groups.
	Encoding Encoding
}

// Names returns the names that are in use.
func (hs Headers) Names() []string {
	var names []string
	for _, name := range []string{hs.JWT, hs.User, hs.Name, hs.Email, hs.Groups, hs.Expires} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Lines returns the header lines that tell an app who the user is: one line for
// each name but Expires. What is empty is left out.
//
// From texts for people (full name, e-mail) control characters are removed. What an
// app decides by (user name, groups) is never changed, because the rest might be
// somebody else's name: if it cannot be sent as it is, it is not sent.
func (hs Headers) Lines(u *identity.User, assertion string) (names, values []string) {
	add := func(name, value string) {
		if name != "" && value != "" {
			names, values = append(names, name), append(values, value)
		}
	}
	add(hs.JWT, assertion)
	if sendable(u.Name) {
		add(hs.User, hs.Encoding.Encode(u.Name))
	}
	add(hs.Name, hs.Encoding.Encode(readable(u.FullName)))
	add(hs.Email, hs.Encoding.Encode(readable(u.Email)))
	add(hs.Groups, hs.join(u.Groups))
	return names, values
}

// maxLine is what common servers take in one header line, in bytes (Apache 8190,
// nginx and Tomcat 8192), less its name.
const maxLine = 8000

// fit returns an [UnnamedError] for lines that a server would refuse, with an answer
// that nobody could explain. A part of the groups is never sent in their place, since
// an app may also have groups that take something away.
func fit(names, values []string) error {
	for i, value := range values {
		if len(value) > maxLine {
			return unnamed("%s would have %d bytes, and servers take %d in a line: choose the app's groups with send_groups", names[i], len(value), maxLine)
		}
	}
	return nil
}

// join leaves out a group that would look like two.
func (hs Headers) join(groups []string) string {
	var kept []string
	for _, g := range groups {
		if sendable(g) && !strings.ContainsAny(g, ",|;") && !strings.Contains(g, hs.Separator) {
			kept = append(kept, hs.Encoding.Encode(g))
		}
	}
	return strings.Join(kept, hs.Separator)
}

// sendable reports whether a text arrives as it was sent: servers cut blanks off,
// and control characters end up anywhere.
func sendable(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl) && strings.TrimSpace(s) == s
}

// readable removes what a header line must not hold (RFC 9110, section 5.5).
func readable(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, s))
}
