// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// readings returns the other ways in which an app may read a path, for deny rules
// to look at. It is empty for a path that has only one reading.
//
// Seen through are: repeated slashes (most web servers merge them, and what parses
// "//host/path" as a URL takes the path alone: PHP's parse_url, `new URL` of Node),
// ";parameters" of segments (Java servlets drop them), a slash at the end (many routers
// ignore it), a second decoding, a "?" or "#" that decoding brought forth, bytes of
// Latin-1, decomposed characters, and those that only look different (full-width).
func readings(path string) []string {
	if !ambiguous(path) {
		return nil
	}
	layers := []string{path}
	if again := unescapeValid(path); again != path {
		layers = append(layers, again)
	}
	var all []string
	for _, layer := range layers {
		all = addReadings(all, layer)
		if narrow := norm.NFKC.String(layer); narrow != layer {
			all = addReadings(all, narrow)
		}
	}
	return all
}

func addReadings(all []string, path string) []string {
	all = append(all, simplify(path))
	if rest, ok := strings.CutPrefix(path, "//"); ok {
		_, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		all = append(all, simplify("/"+rest))
	}
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		all = addReadings(all, path[:i])
	}
	return all
}

// ambiguous reports whether a path has more than one reading.
func ambiguous(path string) bool {
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c >= utf8.RuneSelf, c == ';', c == '%', c == '?', c == '#':
			return true
		case c == '/' && i > 0 && (path[i-1] == '/' || i == len(path)-1):
			return true
		}
	}
	return false
}

// simplify returns a path with every segment's parameters, all empty segments and
// with them the last slash removed, as composed UTF-8.
func simplify(path string) string {
	var b strings.Builder
	for segment := range strings.SplitSeq(path, "/") {
		segment, _, _ = strings.Cut(segment, ";")
		if segment != "" {
			b.WriteString("/" + segment)
		}
	}
	if b.Len() == 0 {
		return "/"
	}
	return norm.NFC.String(fromLatin1(b.String()))
}

// fromLatin1 returns text whose bytes that are not UTF-8 were read as Latin-1.
func fromLatin1(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				r = rune(s[i])
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
