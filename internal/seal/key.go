// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package seal keeps secret, and whole, what is written to disk: it owns the
// sealing key, where that key lives, and a [store.Store] that seals payloads on
// their way in and opens them on their way out. What is in a payload belongs to
// its owners; so do names that must not be readable in a copied file, for which
// they use [Key.Blind].
//
// Sealing hides payloads from whoever has a copy of the file without its key, and
// binds each to its place, so that nobody moves one person's data to another.
// It does not hide how many records there are, their kinds, owners' IDs, audiences
// and times, and does not stop somebody who may write to the file from deleting
// or bringing back old content (docs/decisions/0005).
package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// ErrSealed means that something cannot be opened: it was sealed with another
// key or for another place, or it was changed. It says nothing of the content.
var ErrSealed = errors.New("cannot be opened with this key")

// Key is the secret that everything at rest hangs on. It never shows itself: all
// ways of printing it print its ID.
type Key struct {
	secret [KeySize]byte
	sealer *sealer
	id     string
	origin string
}

// NewKey returns the key made of 32 bytes.
func NewKey(raw []byte) (*Key, error) {
	if len(raw) != KeySize {
		return nil, fmt.Errorf("a sealing key has %d bytes, not %d", KeySize, len(raw))
	}
	return newKey([KeySize]byte(raw), "sealing key"), nil
}

// KeyFromText reads a key as it stands in a key file or an environment variable:
// 32 bytes in standard or URL-safe base64, with or without padding.
func KeyFromText(text string) (*Key, error) { return keyFromText(text, "sealing key") }

func keyFromText(text, origin string) (*Key, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	secret, err := encoding.Strict().DecodeString(text)
	if err != nil || len(secret) != KeySize {
		// The cause would show a part of the key.
		return nil, fmt.Errorf("%s: not %d bytes in base64 (`openssl rand -base64 %[2]d` makes a key for a new store)", origin, KeySize)
	}
	return newKey([KeySize]byte(secret), origin), nil
}

func randomKey(origin string) *Key {
	var secret [KeySize]byte
	rand.Read(secret[:]) // never fails (crypto/rand, since Go 1.24)
	return newKey(secret, origin)
}

func newKey(secret [KeySize]byte, origin string) *Key {
	k := &Key{secret: secret, origin: origin}
	k.sealer = newSealer([KeySize]byte(k.Derive("seal")))
	k.id = hex.EncodeToString(k.Derive("id")[:8])
	return k
}

// text returns what a key file holds.
func (k *Key) text() string { return base64.StdEncoding.EncodeToString(k.secret[:]) + "\n" }

// ID returns a name for the key, from which nothing of the key can be learnt.
func (k *Key) ID() string { return k.id }

// Format implements [fmt.Formatter]: whatever the verb, the key is not printed.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, "sealing key "+k.id) }

// Derive returns a key of 32 bytes for another purpose, from which neither this
// key nor that of any other label can be learnt (HKDF-SHA-256, RFC 5869).
func (k *Key) Derive(label string) []byte {
	key, err := hkdf.Key(sha256.New, k.secret[:], nil, "gatehouse "+label, KeySize)
	if err != nil {
		panic("seal: " + err.Error()) // only for lengths that HKDF cannot give
	}
	return key
}

// Blind returns a name for s that is always the same and tells nothing about s to
// whoever has not got the key: 43 characters of base64url. Equal strings under
// different labels have different names.
func (k *Key) Blind(label, s string) string {
	mac := hmac.New(sha256.New, k.Derive("blind "+label))
	io.WriteString(mac, s)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Seal returns plain, encrypted and authenticated together with ad, the place
// that it belongs to. The result is 41 bytes longer. One key may seal
// any number of messages that a gateway will ever write.
func (k *Key) Seal(plain, ad []byte) []byte { return k.sealer.seal(plain, ad) }

// Open returns what was sealed with the same ad. The error is ErrSealed.
func (k *Key) Open(sealed, ad []byte) ([]byte, error) { return k.sealer.open(sealed, ad) }
