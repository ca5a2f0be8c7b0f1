// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/throttle"
)

// key is a sealer of the standard library.
type key struct{ cipher.AEAD }

func (k key) Seal(plain, additional []byte) []byte { return k.AEAD.Seal(nil, nil, plain, additional) }

func (k key) Open(sealed, additional []byte) ([]byte, error) {
	return k.AEAD.Open(nil, nil, sealed, additional)
}

func newKey(t testing.TB, secret byte) key {
	t.Helper()
	block, err := aes.NewCipher([]byte(strings.Repeat(string(rune(secret)), 32)))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return key{aead}
}

func TestABrowserIsReadAsItWasWritten(t *testing.T) {
	k := newKey(t, 'a')
	b := throttle.NewBrowser()
	for i := range 20 {
		text := b.Text(k)
		if len(text) > 512 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Fatalf("%d users: %q cannot be a cookie", i, text)
		}
		read, ok := throttle.ParseBrowser(k, text)
		if !ok {
			t.Fatalf("%d users: not read", i)
		}
		if diff := cmp.Diff(b, read, cmp.AllowUnexported(throttle.Browser{})); diff != "" {
			t.Fatalf("%d users: read something else:\n%s", i, diff)
		}
		b.Remember(fmt.Sprint("user", i))
	}
}

// A shared computer remembers the last eight people, each of them once.
func TestABrowserRemembersTheLastEight(t *testing.T) {
	b := throttle.NewBrowser()
	b.Remember("anna")
	for i := range 7 {
		b.Remember(fmt.Sprint("user", i))
	}
	copied := b
	b.Remember("anna") // the newest again
	b.Remember("bert")
	for user, want := range map[string]bool{"anna": true, "user0": false, "user1": true, "user6": true, "bert": true, "carl": false, "": false} {
		if got := b.Knows(user); got != want {
			t.Errorf("%q: got %v, want %v", user, got, want)
		}
	}
	if copied.Knows("bert") || !copied.Knows("user0") {
		t.Error("a copy has changed with the original")
	}
}

// Attack 23: somebody makes a browser that knows their victim, to guess with a
// counter of its own: from another key, from what the same key has sealed for
// something else, from parts of a real one, or by asking in other ways.
func TestAttack23ABrowserCannotBeForged(t *testing.T) {
	k := newKey(t, 'a')
	b := throttle.NewBrowser()
	b.Remember("mallory")
	text := b.Text(k)
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	sealed[len(sealed)/2] ^= 1
	for what, forged := range map[string]string{
		"nothing":             "",
		"another key":         b.Text(newKey(t, 'b')),
		"another purpose":     base64.RawURLEncoding.EncodeToString(k.Seal(make([]byte, 32), []byte("session"))),
		"half a mark":         base64.RawURLEncoding.EncodeToString(k.Seal(make([]byte, 40), []byte("gatehouse browser 1"))),
		"nine marks":          base64.RawURLEncoding.EncodeToString(k.Seal(make([]byte, 160), []byte("gatehouse browser 1"))),
		"no ID":               base64.RawURLEncoding.EncodeToString(k.Seal(nil, []byte("gatehouse browser 1"))),
		"a bit flipped":       base64.RawURLEncoding.EncodeToString(sealed),
		"cut":                 text[:len(text)-4],
		"padded":              text + "=",
		"a line in it":        text[:8] + "\n" + text[8:],
		"a space before it":   " " + text,
		"another alphabet":    strings.NewReplacer("-", "+", "_", "/").Replace(text) + "+",
		"two of them":         text + text,
		"as long as you like": strings.Repeat("A", 1<<20),
		"a NUL":               text + "\x00",
	} {
		if read, ok := throttle.ParseBrowser(k, forged); ok {
			t.Errorf("%s was read as %+v", what, read)
		}
	}
	if b.Knows("anna") || b.Knows(b.ID) || b.Knows("mallory\x00") {
		t.Error("the browser knows somebody it was not told about")
	}
	if other := throttle.NewBrowser(); other.ID == b.ID || other.Knows("mallory") {
		t.Error("two browsers have something in common")
	}
}

// Invariant: whatever a cookie holds, it is refused or is exactly what was written.
func FuzzParseBrowser(f *testing.F) {
	k := newKey(f, 'a')
	b := throttle.NewBrowser()
	f.Add(b.Text(k))
	b.Remember("anna")
	f.Add(b.Text(k))
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		read, ok := throttle.ParseBrowser(k, text)
		if !ok {
			return
		}
		again, ok := throttle.ParseBrowser(k, read.Text(k))
		if !ok || again.ID != read.ID {
			t.Errorf("%q is read as %+v and then as %+v", text, read, again)
		}
	})
}
