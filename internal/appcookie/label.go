// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// A cookie's label is the end of its name in the browser: a separator, a sign for
// its kind, a sign for the length of its path, and a tag. All of it is legal in a
// cookie's name (RFC 6265, section 4.1.1), and prefixes such as `__Host-` stay in
// front, where browsers look for them.
//
// Kind and path stand in the name so that a request shows what a browser needs
// to be told to delete the cookie. They follow from what the browser itself
// knows a cookie by (name, domain, path, partition), so one cookie for the app is
// one cookie for the browser.
type label struct {
	kind kind
	path byte
	tag  string
}

const (
	separator   = '~'
	tagLength   = 9
	labelLength = 3 + tagLength
	alphabet    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// kind says what a labelled cookie is.
type kind byte

const (
	// twin marks the companion of a cookie that keeps its own name because scripts
	// read it. The twin's value says which value it was made for.
	twin kind = 1 << iota
	// domainWide marks a cookie with a Domain attribute.
	domainWide
	// partitioned marks a cookie with the attribute of that name (CHIPS).
	partitioned
	// kinds is the number of them.
	kinds
)

// cut takes the label off the name of a cookie, and reports whether there is one,
// whoever it belongs to.
func cut(name string) (base string, l label, ok bool) {
	at := len(name) - labelLength
	if at < 0 || name[at] != separator {
		return name, label{}, false
	}
	k := strings.IndexByte(alphabet[:kinds], name[at+1])
	if k < 0 || !encoded(name[at+2:]) {
		return name, label{}, false
	}
	return name[:at], label{kind: kind(k), path: name[at+2], tag: name[at+3:]}, true
}

func encoded(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// on returns the name with the label.
func (l label) on(base string) string {
	return base + string([]byte{separator, alphabet[l.kind], l.path}) + l.tag
}

// twin returns the label of the twin.
func (l label) twin() label {
	l.kind |= twin
	return l
}

// pathSign stands for the length of a path in a label. A cookie's path is a
// prefix of the path of each request that it comes with, so its length is all that
// is needed to know it.
func pathSign(path string) byte { return alphabet[len(path)%len(alphabet)] }

// markLength is the length of a twin's value.
const markLength = 8

// mark binds a twin to the value of its cookie, so that a value which somebody
// else's page has put there since is not taken for the twin's.
func mark(tag, name, value string) [markLength]byte {
	var space [256]byte
	text := append(space[:0], tag...)
	text = append(text, name...)
	text = append(text, '=') // in no name
	text = append(text, value...)
	hash := sha256.Sum256(text)
	var m [markLength]byte
	base64.RawURLEncoding.Encode(m[:], hash[:markLength*3/4])
	return m
}
