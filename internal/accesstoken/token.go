// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package accesstoken owns the tokens that people make for their scripts: how one is
// written and presented, what is kept of it, and when it is worth nothing any more.
// A token stands for its person at the apps that it was made for, and nowhere else;
// it is no session. Whether its person may do what a script asks for belongs to package
// policy, and what becomes of the request to package gate.
package accesstoken

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Prefix begins every token, so that people, and programs that look for secrets in
// files, know one when they see it.
const Prefix = "gatehouse_"

// Token is what a script shows: the ID of the grant, which proves nothing, and a secret
// that does.
type Token struct {
	ID     store.ID
	Secret [32]byte
}

const (
	secretLength = 43 // of 32 bytes
	tokenLength  = len(Prefix) + store.IDLength + 1 + secretLength
)

// encoding is strict, so that one token has one text.
var encoding = base64.RawURLEncoding.Strict()

func newToken(id store.ID) Token {
	t := Token{ID: id}
	rand.Read(t.Secret[:]) // never fails (crypto/rand, since Go 1.24)
	return t
}

// Parse reads what [Token.Text] has written, and reports whether it is that.
func Parse(text string) (Token, bool) {
	rest, ok := strings.CutPrefix(text, Prefix)
	if !ok || len(text) != tokenLength || rest[store.IDLength] != '.' {
		return Token{}, false
	}
	id, err := store.ParseID(rest[:store.IDLength])
	if err != nil || id.IsZero() {
		return Token{}, false
	}
	t := Token{ID: id}
	// The decoder passes over line breaks, so a text of the right length may be short
	// of bytes.
	n, err := encoding.Decode(t.Secret[:], []byte(rest[store.IDLength+1:]))
	if err != nil || n != len(t.Secret) {
		return Token{}, false
	}
	return t, true
}

// Text is the token as its person gets it to see, once.
func (t Token) Text() string {
	return Prefix + t.ID.String() + "." + encoding.EncodeToString(t.Secret[:])
}

// String names the token without its secret.
func (t Token) String() string { return t.ID.String() + ".…" }

// GoString hides the secret from %#v.
func (t Token) GoString() string { return t.String() }
