// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// PathError says why a path is not forwarded at all. Its text is for the page and
// the audit line and holds nothing that the client sent.
type PathError string

// Error returns the reason.
func (e PathError) Error() string { return string(e) }

// The reasons why [CheckPath] refuses a path.
const (
	// ErrForm: not a path, but "*", an authority or nothing.
	ErrForm PathError = "the request's address has no path that begins with a slash"
	// ErrEscape: a percent sign without two hexadecimal digits.
	ErrEscape PathError = "the path has a broken percent-escape"
	// ErrDotSegment: a "." or ".." segment, in whatever spelling.
	ErrDotSegment PathError = "the path has a dot segment"
	// ErrSlash: an encoded slash, which some apps take for a separator.
	ErrSlash PathError = "the path has an encoded slash"
	// ErrBackslash: a backslash, which some apps take for a slash.
	ErrBackslash PathError = "the path has a backslash"
	// ErrControl: NUL or another control character.
	ErrControl PathError = "the path has a control character"
	// ErrOverlong: a character written in more bytes than it needs, which a careless
	// decoder takes for a dot or a slash (RFC 3629, section 10).
	ErrOverlong PathError = "the path has an overlong encoding"
	// ErrLayers: an escape of an escape of an escape.
	ErrLayers PathError = "the path is encoded too many times"
)

// layers is how often an escape may be encoded. Twice happens: a rewriting web
// server decodes once and the script behind it again. Nothing honest needs more.
const layers = 2

// CheckPath decodes a path as it is going to be forwarded, which is what
// URL.EscapedPath returns, and refuses what apps read differently: an error is a
// [PathError].
//
// An escape may itself be escaped ("%252e") and some apps decode twice, so what is
// refused is refused in the second layer too. Bytes that are not UTF-8 pass, unless
// overlong: old apps have addresses in Latin-1.
func CheckPath(escaped string) (decoded string, err error) {
	if escaped == "" || escaped[0] != '/' || strings.ContainsAny(escaped, "?#") {
		return "", ErrForm
	}
	if decoded, err = unescape(escaped); err != nil {
		return "", err
	}
	layer := decoded
	for range layers {
		if err := checkLayer(layer); err != nil {
			return "", err
		}
		next := unescapeValid(layer)
		if next == layer {
			return decoded, nil
		}
		if strings.Count(next, "/") != strings.Count(layer, "/") {
			return "", ErrSlash
		}
		layer = next
	}
	return "", ErrLayers
}

// unescape decodes the first layer.
func unescape(escaped string) (string, error) {
	if strings.IndexByte(escaped, '%') < 0 {
		return escaped, nil
	}
	decoded, err := url.PathUnescape(escaped)
	if err != nil {
		return "", ErrEscape
	}
	if strings.Count(decoded, "/") != strings.Count(escaped, "/") {
		return "", ErrSlash
	}
	return decoded, nil
}

// unescapeValid decodes what is a valid escape and leaves every other percent sign
// alone, since in a further layer that is an ordinary character ("100%").
func unescapeValid(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

func checkLayer(path string) error {
	switch {
	case strings.IndexByte(path, '\\') >= 0:
		return ErrBackslash
	case strings.ContainsFunc(path, unicode.IsControl):
		return ErrControl
	case hasOverlong(path):
		return ErrOverlong
	case hasDotSegment(path), hasDotSegment(narrow(path)):
		return ErrDotSegment
	}
	return nil
}

// narrow returns a path as an app reads it that takes characters for those which they look
// like, full-width dots and slashes among them (Unicode Standard Annex 15, NFKC).
func narrow(path string) string {
	return strings.ReplaceAll(norm.NFKC.String(path), `\`, "/")
}

// hasDotSegment reports whether a segment means this folder or the one above, to an
// app that drops ";parameters" (Java servlets) or trailing blanks (Windows) too.
func hasDotSegment(path string) bool {
	for i := 0; ; {
		at := strings.Index(path[i:], "/.")
		if at < 0 {
			return false
		}
		i += at + 1
		segment, _, _ := strings.Cut(path[i:], "/")
		segment, _, _ = strings.Cut(segment, ";")
		segment = strings.TrimRight(segment, " ")
		if segment == "." || segment == ".." {
			return true
		}
	}
}

// hasOverlong reports whether bytes that are not UTF-8 begin as an overlong form
// does.
func hasOverlong(path string) bool {
	for i, r := range path {
		if r != utf8.RuneError || i+1 >= len(path) || path[i+1]&0xC0 != 0x80 {
			continue
		}
		switch lead, next := path[i], path[i+1]; {
		case lead == 0xC0, lead == 0xC1, lead == 0xE0 && next < 0xA0, lead == 0xF0 && next < 0x90,
			lead >= 0xF8 && lead < 0xFE:
			return true
		}
	}
	return false
}
