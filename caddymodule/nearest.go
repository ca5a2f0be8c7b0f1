// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"strconv"
	"strings"
)

// unknown returns the error for a word that is none of the known ones. It names
// the one that was probably meant, or all of them.
func unknown(kind, word string, known []string) error {
	if near := nearest(word, known); near != "" {
		return fmt.Errorf("unknown %s %q: did you mean %q?", kind, word, near)
	}
	quoted := make([]string, len(known))
	for i, k := range known {
		quoted[i] = strconv.Quote(k)
	}
	return fmt.Errorf("unknown %s %q: write %s", kind, word, strings.Join(quoted, " or "))
}

// nearest returns the word that w was probably meant to be: at most two letters,
// and less than half of the word, are different; or else the only one of which w is a
// part, or which is a part of w. Empty when there is none.
func nearest(w string, words []string) string {
	if len(w) > 64 { // nobody mistypes that; and the distance costs len²
		return ""
	}
	best, word := 3, ""
	for _, candidate := range words {
		if d := distance(w, candidate); d < best && 2*d < len(candidate) {
			best, word = d, candidate
		}
	}
	if word != "" {
		return word
	}
	return only(words, func(candidate string) bool { return isPart(w, candidate) || isPart(candidate, w) })
}

// isPart reports whether a text is within another and long enough to mean it: `icinga`
// for icingaweb2, `spring` of spring-boot.
func isPart(part, of string) bool {
	return len(part) >= 4 && strings.Contains(strings.ToLower(of), strings.ToLower(part))
}

// only returns the one word that fits, or nothing where there are more.
func only(words []string, fits func(string) bool) string {
	found := ""
	for _, word := range words {
		if !fits(word) {
			continue
		}
		if found != "" {
			return ""
		}
		found = word
	}
	return found
}

// distance returns how many letters must be changed, added or taken away to make
// b of a (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
