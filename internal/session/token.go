// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Token is what a browser holds for one host: a selector, which finds the
// record, and a secret, which opens it. The same shape with a zero selector is
// a nonce: it proves that a hand-off ends in the browser where it began, and
// opens nothing.
type Token struct {
	ID     store.ID
	Secret [32]byte
}

const (
	secretLength = 43
	tokenLength  = store.IDLength + 1 + secretLength
)

// encoding is strict, so that one token has one text: a cookie that differs in
// a single unused bit is no token.
var encoding = base64.RawURLEncoding.Strict()

// NewToken returns a token with a fresh secret for the record with this ID.
func NewToken(id store.ID) Token {
	t := Token{ID: id}
	rand.Read(t.Secret[:]) // never fails (crypto/rand, since Go 1.24)
	return t
}

// NewNonce returns a fresh nonce for a hand-off.
func NewNonce() Token { return NewToken(store.ID{}) }

// ParseToken reads a token from its text: two strict unpadded base64url parts
// with one dot between them.
func ParseToken(text string) (Token, bool) {
	var t Token
	if len(text) != tokenLength || text[store.IDLength] != '.' {
		return t, false
	}
	id, err := store.ParseID(text[:store.IDLength])
	if err != nil {
		return t, false
	}
	t.ID = id
	// Decode on the stack; DecodeString would allocate on every request.
	var secret [secretLength]byte
	copy(secret[:], text[store.IDLength+1:])
	if n, err := encoding.Decode(t.Secret[:], secret[:]); err != nil || n != len(t.Secret) {
		return Token{}, false
	}
	return t, true
}

// Text returns what ParseToken reads. It is not called String so that a token
// cannot end up in a log by accident.
func (t Token) Text() string {
	return t.ID.String() + "." + encoding.EncodeToString(t.Secret[:])
}

// String hides the secret from logs and error messages.
func (t Token) String() string { return t.ID.String() + ".…" }

// GoString hides the secret from %#v.
func (t Token) GoString() string { return t.String() }

// IsNonce reports whether the token is a hand-off nonce, which opens no session.
func (t Token) IsNonce() bool { return t.ID.IsZero() }

// Challenge returns what may be told about a token on its way through the
// browser's address bar: the hash of its secret, which does not reveal it. A
// hand-off is bound to the browser by the challenge of whatever that browser
// holds for the host, a nonce or the token of an earlier session.
func (t Token) Challenge() string { return challengeOf(sha256.Sum256(t.Secret[:])) }

func challengeOf(hash [32]byte) string { return encoding.EncodeToString(hash[:]) }

// ParseChallenge checks that the text can be what Challenge returns.
func ParseChallenge(text string) (string, bool) {
	var hash [32]byte
	if len(text) != secretLength {
		return "", false
	}
	// The decoder passes over line breaks, so a text of the right length may be
	// short of bytes.
	if n, err := encoding.Decode(hash[:], []byte(text)); err != nil || n != len(hash) {
		return "", false
	}
	return text, true
}
