// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gatehouse

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
)

// key is a public key as the portal publishes it (RFC 7518 section 6).
type key struct {
	KID, Alg   string
	N, E, X, Y string
}

// algorithms holds how each allowed algorithm verifies (RFC 7518 sections 3.3
// and 3.4, RFC 8037).
var algorithms = map[string]func(k key, text string, signature []byte) bool{
	"ES256": es256, "EdDSA": eddsa, "RS256": rs256,
}

func es256(k key, text string, signature []byte) bool {
	x, errX := decode(k.X)
	y, errY := decode(k.Y)
	if errX != nil || errY != nil || len(signature) != 64 {
		return false
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(text))
	return ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

func eddsa(k key, text string, signature []byte) bool {
	x, err := decode(k.X)
	return err == nil && len(x) == ed25519.PublicKeySize && ed25519.Verify(x, []byte(text), signature)
}

func rs256(k key, text string, signature []byte) bool {
	n, errN := decode(k.N)
	e, errE := decode(k.E)
	if errN != nil || errE != nil || len(e) > 4 {
		return false
	}
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	sum := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil
}
