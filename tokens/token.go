// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/gatehouse-sso/gatehouse/store"
)

// A token is the text of an ID, by which the record is found and which may be shown
// in lists, and a secret of 144 random bits behind it, of which the store keeps the
// hash. All of it is base64url without padding, and each token has one text.
const (
	secretSize = 18
	// Length is how many characters a token has.
	Length = store.IDLength + secretSize/3*4
)

var encoding = base64.RawURLEncoding.Strict()

// token is a token that was taken apart.
type token struct {
	id     store.ID
	secret [secretSize]byte
}

func newToken(id store.ID) token {
	t := token{id: id}
	rand.Read(t.secret[:]) // never fails (crypto/rand, since Go 1.24)
	return t
}

func (t *token) text() string {
	text := encoding.AppendEncode(make([]byte, 0, Length), t.id[:])
	return string(encoding.AppendEncode(text, t.secret[:]))
}

func (t *token) hash() [32]byte { return sha256.Sum256(t.secret[:]) }

// parse reads a token. ok is false for whatever cannot be one.
func parse(text string) (t token, ok bool) {
	if len(text) != Length {
		return t, false
	}
	id, err := store.ParseID(text[:store.IDLength])
	if err != nil {
		return t, false
	}
	// Decode on the stack; DecodeString would allocate for every read.
	var secret [Length - store.IDLength]byte
	copy(secret[:], text[store.IDLength:])
	// The decoder passes over line breaks, so the length of what it has read counts.
	if n, err := encoding.Decode(t.secret[:], secret[:]); err != nil || n != secretSize {
		return token{}, false
	}
	t.id = id
	return t, true
}

// ID returns the part of a token by which [Space.List] names it. It proves nothing
// and may be shown and logged.
func ID(text string) (store.ID, error) {
	t, ok := parse(text)
	if !ok {
		return store.ID{}, errors.New("this is no token")
	}
	return t.id, nil
}
