// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
)

// jwk holds the required public members of a key, and no field that could take
// a private one. Their order is that of RFC 7638 section 3.3: lexicographic.
type jwk struct {
	Crv string `json:"crv,omitempty"`
	E   string `json:"e,omitempty"`
	Kty string `json:"kty"`
	N   string `json:"n,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
}

// publishedKey is an entry of the JWKS (RFC 7517 section 4).
type publishedKey struct {
	jwk
	Use string    `json:"use"`
	Alg Algorithm `json:"alg"`
	KID string    `json:"kid"`
}

// newJWK returns the public key's members (RFC 7518 section 6, RFC 8037 section 2).
func newJWK(public crypto.PublicKey) (jwk, error) {
	text := base64.RawURLEncoding.EncodeToString
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 4, X, Y, both as long as the curve asks
		if err != nil {
			return jwk{}, err
		}
		half := (len(point) - 1) / 2
		return jwk{Kty: "EC", Crv: k.Curve.Params().Name, X: text(point[1 : 1+half]), Y: text(point[1+half:])}, nil
	case ed25519.PublicKey:
		return jwk{Kty: "OKP", Crv: "Ed25519", X: text(k)}, nil
	case *rsa.PublicKey:
		return jwk{Kty: "RSA", N: text(k.N.Bytes()), E: text(big.NewInt(int64(k.E)).Bytes())}, nil
	}
	return jwk{}, fmt.Errorf("no JWK for a key of type %T", public)
}

// thumbprint returns the RFC 7638 thumbprint of a public key: SHA-256 in base64url.
func thumbprint(public crypto.PublicKey) (string, error) {
	members, err := newJWK(public)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(members)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// publish writes the JWKS of these keys (RFC 7517 section 5).
func publish(keys []key) ([]byte, error) {
	set := struct {
		Keys []publishedKey `json:"keys"`
	}{Keys: make([]publishedKey, 0, len(keys))}
	for _, k := range keys {
		members, err := newJWK(k.private.Public())
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, publishedKey{jwk: members, Use: "sig", Alg: k.alg, KID: k.id})
	}
	return json.Marshal(set)
}
