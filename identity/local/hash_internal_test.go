// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"fmt"
	"strings"
	"testing"
)

// The known answer comes from the test suite of the reference implementation of
// argon2 (version 0x13, m=65536, t=2, p=1, "password", "somesalt").
const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestAHashOfTheReferenceImplementationIsUnderstood(t *testing.T) {
	h, err := parseHash(known)
	if err != nil {
		t.Fatal(err)
	}
	if !h.matches([]byte("password")) || h.matches([]byte("Password")) {
		t.Error("the hash does not match its password, or matches another one")
	}
	if h.text() != known {
		t.Errorf("got %s, want %s", h.text(), known)
	}
}

// The numbers of RFC 9106, section 4, second recommended option, and at least
// its 128 bits of salt and 256 of hash.
func TestTheDefaultIsTheSecondRecommendedOption(t *testing.T) {
	h := newHasher(Params{}.orRecommended())
	made := h.hash([]byte("password"))
	if !strings.HasPrefix(made.text(), "$argon2id$v=19$m=65536,t=3,p=4$") || len(made.salt) < 16 || len(made.key) < 32 {
		t.Errorf("got parameters %+v, %d bytes of salt, %d of hash", made.params, len(made.salt), len(made.key))
	}
}

func TestHashesThatAreNone(t *testing.T) {
	for _, text := range []string{
		"x", "$", "$$$$$", known + "$", known + "\n", " " + known, known[1:],
		strings.Replace(known, "argon2id", "argon2i", 1),
		strings.Replace(known, "argon2id", "ARGON2ID", 1),
		strings.Replace(known, "v=19", "v=16", 1),
		strings.Replace(known, "m=65536", "m=065536", 1),
		strings.Replace(known, "m=65536", "m=+65536", 1),
		strings.Replace(known, "m=65536", "m= 65536", 1),
		strings.Replace(known, "m=65536", "m=4294967295", 1),
		strings.Replace(known, "m=65536", "m=4295032832", 1), // 65536 beyond 32 bits
		strings.Replace(known, "m=65536", "m=7", 1),
		strings.Replace(known, "m=65536,t=2", "t=2,m=65536", 1),
		strings.Replace(known, "t=2", "t=0", 1),
		strings.Replace(known, "t=2", "t=101", 1),
		strings.Replace(known, "p=1", "p=0", 1),
		strings.Replace(known, "p=1", "p=256", 1),
		strings.Replace(known, "p=1", "p=1,keyid=x", 1),
		strings.Replace(known, "c29tZXNhbHQ", "c29tZXNhbHQ=", 1),
		strings.Replace(known, "c29tZXNhbHQ", "c29tZXNhbHR", 1), // bits that are not used
		strings.Replace(known, "c29tZXNhbHQ", "c29tZXNh\nbHQ", 1),
		strings.Replace(known, "c29tZXNhbHQ", "c29t", 1),
		strings.Replace(known, "c29tZXNhbHQ", "", 1),
		known[:strings.LastIndex(known, "$")+1],
		known + strings.Repeat("A", 1<<16),
	} {
		if h, err := parseHash(text); err == nil {
			t.Errorf("%.120q was read as %+v", text, h.params)
		} else if strings.Contains(err.Error(), "c29t") {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
}

// No password is stored as nothing, and matches nothing.
func TestNoPasswordMatchesNothing(t *testing.T) {
	h, err := parseHash("")
	if err != nil || h.text() != "" {
		t.Fatalf("got %q, %v", h.text(), err)
	}
	hasher := newHasher(Params{Memory: 8, Time: 1, Threads: 1})
	for _, password := range []string{"", "x"} {
		if hasher.matches(h, []byte(password)) {
			t.Errorf("%q matches", password)
		}
	}
}

// Attack 29: numbers that can be foretold. A salt or an ID that comes twice in
// thousands is not of 128 bits.
func TestAttack29SaltsAndIDsNeverRepeat(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		for _, made := range []string{newID(), string(random(saltBytes)), string(unmatched(Params{}).key)} {
			if seen[made] {
				t.Fatalf("%q came twice", made)
			}
			seen[made] = true
		}
	}
}

// Attack 40: whoever prints an account does not print its hash.
func TestAttack40AnAccountPrintsWithoutItsHash(t *testing.T) {
	h, _ := parseHash(known)
	a := &account{ID: "local:x", Name: "anna", Password: h}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, value := range []any{a, *a, h, &h, []hash{h}} {
			text := fmt.Sprintf(format, value)
			if strings.Contains(text, "CTFh") || strings.Contains(text, "0x9, 0x31") || strings.Contains(text, "093161") || strings.Contains(text, "9 49 97") {
				t.Errorf("%s of a %T shows the hash: %s", format, value, text)
			}
		}
	}
}

// Invariant: what is accepted is exactly what would be written.
func FuzzParseHash(f *testing.F) {
	for _, text := range []string{known, "", "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", strings.Replace(known, "m=", "m=0", 1)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHash(text)
		if err != nil {
			if err != errHash || !h.isZero() {
				t.Fatalf("got %v and a hash", err)
			}
			return
		}
		if h.text() != text {
			t.Errorf("%q is written as %q", text, h.text())
		}
		if !h.isZero() && !h.params.possible() {
			t.Errorf("%q costs %+v", text, h.params)
		}
	})
}
