// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Lengths of salt and hash in bytes: what is made, and what is accepted.
const (
	saltBytes        = 16
	keyBytes         = 32
	minSalt, maxSalt = 8, 64
	minKey, maxKey   = 16, 64
	maxHashText      = 256
	hashPrefix       = "$argon2id$v=19$"
	hashFormat       = hashPrefix + "m=%d,t=%d,p=%d$%s$%s"
	hashCostFormat   = "m=%d,t=%d,p=%d"
	hiddenHash       = "argon2id (hidden)"
)

// phc is the strict base64 of the PHC string format: standard alphabet, no padding.
var phc = base64.RawStdEncoding.Strict()

// hash is an argon2id hash of a password. The zero value matches no password.
type hash struct {
	params Params
	salt   []byte
	key    []byte
}

// Format hides the hash from whoever prints it, or the struct that holds it.
func (hash) Format(f fmt.State, _ rune) { io.WriteString(f, hiddenHash) }

// newHash hashes a password with a new salt.
func newHash(p Params, password []byte) hash {
	salt := random(saltBytes)
	return hash{params: p, salt: salt, key: argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, keyBytes)}
}

// unmatched returns a hash that costs as much as any other and that no password has.
func unmatched(p Params) hash {
	return hash{params: p, salt: random(saltBytes), key: random(keyBytes)}
}

func (h hash) matches(password []byte) bool {
	key := argon2.IDKey(password, h.salt, h.params.Time, h.params.Memory, h.params.Threads, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(key, h.key) == 1
}

func (h hash) isZero() bool { return len(h.key) == 0 }

// text writes the hash in the PHC string format
// (https://github.com/P-H-C/phc-string-format), the zero hash as nothing.
func (h hash) text() string {
	if h.isZero() {
		return ""
	}
	return fmt.Sprintf(hashFormat, h.params.Memory, h.params.Time, h.params.Threads,
		phc.EncodeToString(h.salt), phc.EncodeToString(h.key))
}

// errHash says nothing of what was read, since that may be a hash.
var errHash = errors.New("not an argon2id hash in the PHC string format")

// parseHash reads what [hash.text] writes, and nothing else: parameters in this
// order, without leading zeros or additions.
func parseHash(text string) (hash, error) {
	if text == "" {
		return hash{}, nil
	}
	rest, found := strings.CutPrefix(text, hashPrefix)
	parts := strings.Split(rest, "$")
	if !found || len(text) > maxHashText || len(parts) != 3 {
		return hash{}, errHash
	}
	var h hash
	if _, err := fmt.Sscanf(parts[0], hashCostFormat, &h.params.Memory, &h.params.Time, &h.params.Threads); err != nil {
		return hash{}, errHash
	}
	var badSalt, badKey error
	h.salt, badSalt = phc.DecodeString(parts[1])
	h.key, badKey = phc.DecodeString(parts[2])
	switch {
	case badSalt != nil, len(h.salt) < minSalt, len(h.salt) > maxSalt,
		badKey != nil, len(h.key) < minKey, len(h.key) > maxKey,
		!h.params.possible(),
		h.text() != text: // whatever the steps above were lenient about
		return hash{}, errHash
	}
	return h, nil
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand, since Go 1.24)
	return b
}
