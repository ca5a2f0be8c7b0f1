// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package seal owns the encryption of what is at rest: the key, where it is kept,
// and a store that seals every payload and document before another store keeps
// it. A copied database without the key reveals who is a user of which record
// by random IDs, and nothing else.
//
// What is worth sealing and under which name a record is kept belongs to the
// packages above; durability belongs to the store below.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// KeySize is the length of a key in bytes: AES-256.
const KeySize = 32

// ErrSealed means that something cannot be opened: it was sealed with another
// key or for another place, or it was changed.
var ErrSealed = errors.New("cannot be opened with this key")

// Key seals and opens. It may be used from many goroutines and is never printed.
type Key struct {
	aead cipher.AEAD
	root [KeySize]byte
}

// NewKey returns the key made of 32 bytes.
func NewKey(raw []byte) (*Key, error) {
	if len(raw) != KeySize {
		return nil, fmt.Errorf("a sealing key has %d bytes, not %d", KeySize, len(raw))
	}
	k := &Key{}
	copy(k.root[:], raw)
	block, err := aes.NewCipher(k.Derive("seal"))
	if err != nil {
		return nil, fmt.Errorf("making a sealing key: %w", err)
	}
	// A nonce of 96 random bits is drawn for each message and put in front of it;
	// docs/decisions/0005 says why that is enough here.
	if k.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, fmt.Errorf("making a sealing key: %w", err)
	}
	return k, nil
}

// KeyFromText reads a key as it stands in a key file or an environment
// variable: 32 bytes in base64, padded or not.
func KeyFromText(text string) (*Key, error) {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
		if raw, err := encoding.Strict().DecodeString(text); err == nil {
			return NewKey(raw)
		}
	}
	return nil, errors.New("a sealing key is 32 bytes written in base64")
}

// generate returns a fresh key and its text.
func generate() (*Key, string, error) {
	raw := make([]byte, KeySize)
	rand.Read(raw) // never fails (crypto/rand, since Go 1.24)
	k, err := NewKey(raw)
	return k, base64.StdEncoding.EncodeToString(raw), err
}

// String hides the key from logs and error messages.
func (k *Key) String() string { return "sealing key" }

// GoString hides the key from %#v.
func (k *Key) GoString() string { return k.String() }

// Seal encrypts and authenticates plain. additional is not kept in the result:
// it says what the result is, and Open must be given the same.
func (k *Key) Seal(plain, additional []byte) []byte {
	return k.aead.Seal(nil, nil, plain, additional)
}

// Open is the opposite of Seal. The error is ErrSealed.
func (k *Key) Open(sealed, additional []byte) ([]byte, error) {
	plain, err := k.aead.Open(nil, nil, sealed, additional)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Blind returns a text that stands for s and does not reveal it, for names in
// the store: the same s and label give the same text for ever.
func (k *Key) Blind(label, s string) string {
	mac := hmac.New(sha256.New, k.Derive("blind "+label))
	mac.Write([]byte(s))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Derive returns a key of 32 bytes for one purpose (HKDF, RFC 5869).
func (k *Key) Derive(label string) []byte {
	derived, err := hkdf.Key(sha256.New, k.root[:], nil, "gatehouse "+label, KeySize)
	if err != nil {
		// Only a length beyond 255 hashes fails.
		panic(err)
	}
	return derived
}
