// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithm is a JWS signature algorithm by its registered name (RFC 7518
// section 3.1, RFC 8037 section 3.1). Only the four below exist for Gatehouse.
type Algorithm string

// The algorithms that an assertion can be signed with.
const (
	// ES256 is ECDSA on P-256, the default: every verifier knows it.
	ES256 Algorithm = "ES256"
	// EdDSA is Ed25519, the cheapest to sign with a key pair.
	EdDSA Algorithm = "EdDSA"
	// RS256 is RSA PKCS #1 v1.5 with 2048 bits, for verifiers that know nothing
	// newer; a signature costs 30 times one of ES256.
	RS256 Algorithm = "RS256"
	// HS256 is HMAC with a secret that one app shares with Gatehouse. Whoever can
	// verify it can also forge it, so it never has a key in the ring.
	HS256 Algorithm = "HS256"
)

// rsaBits is what NIST SP 800-57 part 1 asks for until 2030; a key lives a month.
const rsaBits = 2048

// keyed lists the algorithms that have keys in the ring, in the order in which
// they are shown.
func keyed() []Algorithm { return []Algorithm{ES256, EdDSA, RS256} }

// ParseAlgorithm returns the algorithm of that exact name.
func ParseAlgorithm(s string) (Algorithm, error) {
	if alg := Algorithm(s); alg == HS256 || alg.keyed() {
		return alg, nil
	}
	return "", fmt.Errorf("unknown signature algorithm %q: write ES256, EdDSA, RS256 or HS256", s)
}

// keyed reports whether the algorithm signs with a key of the ring.
func (a Algorithm) keyed() bool { return slices.Contains(keyed(), a) }

// method returns what signs and verifies for the algorithm.
func (a Algorithm) method() jwt.SigningMethod { return jwt.GetSigningMethod(string(a)) }

// generate makes a new private key for a keyed algorithm.
func (a Algorithm) generate() (crypto.Signer, error) {
	switch a {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case RS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return nil, fmt.Errorf("algorithm %q has no key pair", a)
}

// fits reports whether a private key is one that the algorithm may sign with.
func (a Algorithm) fits(private crypto.Signer) bool {
	switch k := private.(type) {
	case *ecdsa.PrivateKey:
		return a == ES256 && k.Curve == elliptic.P256()
	case ed25519.PrivateKey:
		return a == EdDSA
	case *rsa.PrivateKey:
		return a == RS256 && k.N.BitLen() >= rsaBits
	}
	return false
}
