// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"strings"
)

// MakePrivate keeps the answer to somebody who is signed in out of shared caches,
// whatever the app says (RFC 9111, section 3). A browser's own cache goes on as the
// app wants. It does not allocate when the app has said so itself.
func MakePrivate(h http.Header) {
	deleteTargeted(h)
	lines := h["Cache-Control"]
	if isPrivate(lines) {
		return
	}
	kept := []string{"private"}
	for _, line := range lines {
		for directive := range splitDirectives(line) {
			if !isShared(directive) {
				kept = append(kept, directive)
			}
		}
	}
	h["Cache-Control"] = []string{strings.Join(kept, ", ")}
}

// deleteTargeted takes out what speaks to one kind of shared cache past
// Cache-Control: CDN-Cache-Control and its relatives (RFC 9213), and older ones.
func deleteTargeted(h http.Header) {
	for name := range h {
		if isTargeted(name) {
			delete(h, name)
		}
	}
}

func isTargeted(name string) bool {
	switch name {
	case "Surrogate-Control", "Edge-Control", "X-Accel-Expires":
		return true
	}
	return strings.HasSuffix(name, "-Cache-Control")
}

// isPrivate reports whether no shared cache may store the answer as it is, and
// nothing beside that says otherwise.
func isPrivate(lines []string) bool {
	private := false
	for _, line := range lines {
		for directive := range splitDirectives(line) {
			if isShared(directive) {
				return false
			}
			private = private || strings.EqualFold(directive, "private") || strings.EqualFold(directive, "no-store")
		}
	}
	return private
}

// isShared reports whether a directive opens the answer to shared caches, or closes
// it only in part: `private="Set-Cookie"` lets them store all the rest.
func isShared(directive string) bool {
	name, _, hasValue := strings.Cut(directive, "=")
	name = strings.TrimSpace(name)
	return strings.EqualFold(name, "public") || strings.EqualFold(name, "s-maxage") ||
		(hasValue && strings.EqualFold(name, "private"))
}

// splitDirectives yields the directives of a Cache-Control line. A comma in a quoted
// value separates nothing (RFC 9110, section 5.6.4).
func splitDirectives(line string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i <= len(line); i++ {
			switch {
			case i < len(line) && line[i] == '\\' && quoted:
				i++
			case i < len(line) && line[i] == '"':
				quoted = !quoted
			case i >= len(line) || (line[i] == ',' && !quoted):
				if d := strings.TrimSpace(line[start:min(i, len(line))]); d != "" && !yield(d) {
					return
				}
				start = i + 1
			}
		}
	}
}
