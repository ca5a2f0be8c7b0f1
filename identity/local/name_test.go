// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gatehouse-sso/gatehouse/identity/local"
)

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"anna":                  "anna",
		"ANNA":                  "anna",
		"ａｎｎａ":                  "anna",
		"Anna@Example.com":      "anna@example.com",
		"o\u0308lander":         "ölander",
		"Ölander":               "ölander",
		"first.last_2+x":        "first.last_2+x",
		strings.Repeat("ö", 64): strings.Repeat("ö", 64),
	} {
		if got, err := local.Canonical(name); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", name, got, err, want)
		}
	}
}

// Attack 23: many forms of one name have many counters of wrong guesses, and one
// form that looks like nothing reads as another person, a list or an option.
func TestNamesThatAreNone(t *testing.T) {
	for _, name := range []string{
		"", " ", "an na", "anna ", "an\u00a0na", "an\u200bna", "anna\x00", "anna\n", "a\u202ena", "\xff",
		"a,b", "a|b", "a;b", "a:b", "a/b", `a\b`, "a／b", "-anna", "－anna", "--help",
		strings.Repeat("a", 65), strings.Repeat("ö", 65), strings.Repeat("a", 1<<20),
	} {
		if got, err := local.Canonical(name); !errors.Is(err, local.ErrInvalid) {
			t.Errorf("%.40q: got %q, %v, want ErrInvalid", name, got, err)
		}
	}
}

// The error names the character, so that one knows what to write instead.
func TestNamesThatAreNoneSayWhy(t *testing.T) {
	for name, want := range map[string]string{
		"an na":        "has a space (U+0020)",
		"an\u00a0na":   "has a space (U+00A0)",
		"an\u200bna":   `has '\u200b' (U+200B)`,
		"a\u202ena":    "(U+202E)",
		"anna😀":        `has '😀' (U+1F600)`,
		"a\xffb":       "is not UTF-8",
		"anna,bert":    `has ","`,
		"anna／bert":    `has "/"`,
		"אa":           "two directions",
		"example\\ann": "has \"\\\\\"",
	} {
		if _, err := local.Canonical(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", name, err, want)
		}
	}
}

// Invariant: a canonical name is its own canonical form, within the limits.
func FuzzCanonical(f *testing.F) {
	for _, name := range []string{"Anna", "ａｎｎａ", "İ", "ẞ", "ſ", "ς", "ǅ", "o\u0308", "-x", "a/b", "אב", "\u1e9e", "ﬁ"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		canonical, err := local.Canonical(name)
		if err != nil {
			if canonical != "" || !errors.Is(err, local.ErrInvalid) {
				t.Fatalf("got %q and %v", canonical, err)
			}
			return
		}
		if again, err := local.Canonical(canonical); err != nil || again != canonical {
			t.Errorf("%q becomes %q and then %q (%v)", name, canonical, again, err)
		}
		if n := utf8.RuneCountInString(canonical); n < 1 || n > 64 || strings.ContainsAny(canonical, ",|;:/\\ \x00\n") {
			t.Errorf("%q becomes %q", name, canonical)
		}
	})
}
