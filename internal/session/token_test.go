// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// TestMalformedTokenIsNone: one token has one text, and everything else is none
// (threat 12). The last characters of both parts have unused bits; a decoder that
// ignores them makes four tokens of one.
func TestMalformedTokenIsNone(t *testing.T) {
	token := session.NewToken(store.NewID(time.Now()))
	text := token.Text()
	if got, ok := session.ParseToken(text); !ok || got != token {
		t.Fatalf("the token's own text was refused")
	}
	id, secret, _ := strings.Cut(text, ".")
	for name, bad := range map[string]string{
		"empty":                         "",
		"dot":                           ".",
		"selector only":                 id,
		"no secret":                     id + ".",
		"no selector":                   "." + secret,
		"two dots":                      id + ".." + secret,
		"a second dot":                  id + "." + secret[:20] + "." + secret[21:],
		"third part":                    text + ".x",
		"dot elsewhere":                 id[:21] + "." + id[21:] + secret,
		"padding":                       text + "=",
		"padding of both":               id + "==." + secret + "=",
		"padding within":                id + "." + secret[:42] + "=",
		"one short":                     text[:len(text)-1],
		"one long":                      text + "A",
		"8 KB":                          strings.Repeat("A", 8<<10),
		"8 KB with dot":                 id + "." + strings.Repeat("A", 8<<10),
		"NUL":                           id + "." + secret[:42] + "\x00",
		"NUL after":                     text + "\x00",
		"line break in the secret":      id + "." + secret[:21] + "\n" + secret[22:],
		"line break in the selector":    id[:10] + "\r" + id[11:] + "." + secret,
		"line break for a dot":          id + "\n" + secret,
		"blank before":                  " " + text,
		"quoted":                        `"` + text + `"`,
		"standard alphabet":             id + "." + strings.Repeat("+", 43),
		"escaped":                       id + "%2E" + secret,
		"unused bits of the selector":   flipped(id) + "." + secret,
		"unused bits of the secret":     id + "." + flipped(secret),
		"not ASCII":                     id + "." + secret[:41] + "é",
		"full-width digits of a secret": id + "." + strings.Repeat("１", 14) + "A",
	} {
		if _, ok := session.ParseToken(bad); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

// flipped sets an unused bit of the last character.
func flipped(part string) string {
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + string(alphabet[last^1])
}

// FuzzToken: whatever is taken for a token is exactly the text of that token.
func FuzzToken(f *testing.F) {
	f.Add(session.NewNonce().Text())
	f.Add(session.NewToken(store.NewID(time.Unix(1700000000, 0))).Text())
	f.Add("..")
	f.Add(strings.Repeat("A", 22) + "." + strings.Repeat("A", 42) + "B")
	f.Add(strings.Repeat("\n", 66))
	f.Fuzz(func(t *testing.T, text string) {
		token, ok := session.ParseToken(text)
		if ok && token.Text() != text {
			t.Errorf("%q was read as a token whose text is %q", text, token.Text())
		}
		if !ok && token != (session.Token{}) {
			t.Errorf("%q is no token, and yet something came of it", text)
		}
	})
}

// FuzzChallenge: a challenge is taken only as it is written.
func FuzzChallenge(f *testing.F) {
	f.Add(session.NewNonce().Challenge())
	f.Add(strings.Repeat("A", 42) + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := session.ParseChallenge(text)
		if ok && (got != text || strings.Trim(text, alphabet) != "") || !ok && got != "" {
			t.Errorf("ParseChallenge(%q) = %q, %v", text, got, ok)
		}
	})
}

// TestChallengeWithLineBreak: the decoder passes over line breaks; a text that is
// short of bytes for their sake is no challenge.
func TestChallengeWithLineBreak(t *testing.T) {
	challenge := session.NewNonce().Challenge()
	if got, ok := session.ParseChallenge(challenge); !ok || got != challenge {
		t.Fatal("a challenge was refused")
	}
	for _, bad := range []string{"", challenge[:42], challenge[:42] + "\n", challenge[:20] + "\r" + challenge[21:], flipped(challenge), challenge + "="} {
		if _, ok := session.ParseChallenge(bad); ok {
			t.Errorf("%q is taken for a challenge", bad)
		}
	}
}

// TestTokenInALog: a token that somebody prints shows its selector and not its
// secret (threat 40).
func TestTokenInALog(t *testing.T) {
	token := session.NewToken(store.NewID(time.Now()))
	_, secret, _ := strings.Cut(token.Text(), ".")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed := fmt.Sprintf(verb, token)
		if strings.Contains(printed, secret[:8]) {
			t.Errorf("%s prints the secret", verb)
		}
		if !strings.Contains(printed, token.ID.String()) {
			t.Errorf("%s does not print the selector: %s", verb, printed)
		}
	}
	if strings.Contains(token.Challenge(), secret[:8]) {
		t.Error("the challenge holds the secret")
	}
}

// TestNonceIsNoToken: a nonce has the shape of a token, so that a host has one
// cookie, and says of itself that it opens nothing.
func TestNonceIsNoToken(t *testing.T) {
	nonce := session.NewNonce()
	parsed, ok := session.ParseToken(nonce.Text())
	if !ok || parsed != nonce || !parsed.IsNonce() {
		t.Error("a nonce does not come back as a nonce")
	}
	if session.NewToken(store.NewID(time.Now())).IsNonce() {
		t.Error("a token is taken for a nonce")
	}
	if nonce == session.NewNonce() {
		t.Error("two nonces are equal")
	}
}
