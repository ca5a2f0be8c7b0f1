// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// verified checks the one assertion of a request as an app would, against what
// the portal publishes, and returns its claims.
func (g *gateway) verified(t *testing.T, values []string, audience string) map[string]any {
	t.Helper()
	if len(values) != 1 {
		t.Fatalf("%d assertions", len(values))
	}
	parts := strings.Split(values[0], ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", values[0])
	}
	var header struct{ Alg, Kid, Typ string }
	var claims map[string]any
	decode(t, parts[0], &header)
	decode(t, parts[1], &claims)
	if header.Alg != "ES256" || header.Typ != "JWT" {
		t.Errorf("the header is %+v", header)
	}
	if claims["iss"] != g.portal || claims["aud"] != audience {
		t.Errorf("iss %v, aud %v", claims["iss"], claims["aud"])
	}
	now := float64(time.Now().Unix())
	if exp, _ := claims["exp"].(float64); exp < now || exp > now+3600 {
		t.Errorf("exp %v at %v", claims["exp"], now)
	}
	signature := bytesOf(t, parts[2])
	if len(signature) != 64 {
		t.Fatalf("a signature of %d bytes", len(signature))
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(g.key(t, header.Kid), sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature is wrong")
	}
	g.secrets.add("assertion", parts[2])
	return claims
}

// key returns the key that the portal publishes under a name, found as verifiers
// find it that configure themselves.
func (g *gateway) key(t *testing.T, kid string) *ecdsa.PublicKey {
	t.Helper()
	b := g.browser(t)
	var configuration struct {
		Issuer string
		JWKS   string `json:"jwks_uri"`
	}
	answer := b.fetch(http.MethodGet, g.portal+"/.well-known/openid-configuration")
	if err := json.Unmarshal([]byte(answer.body), &configuration); err != nil {
		t.Fatal(err)
	}
	if configuration.Issuer != g.portal {
		t.Errorf("the issuer is %q", configuration.Issuer)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal([]byte(b.fetch(http.MethodGet, configuration.JWKS).body), &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth"} {
			if key[private] != "" {
				t.Errorf("the JWKS holds the private member %q", private)
			}
		}
		if key["kid"] == kid && key["crv"] == "P-256" {
			point := slices.Concat([]byte{4}, bytesOf(t, key["x"]), bytesOf(t, key["y"]))
			public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
			if err != nil {
				t.Fatal(err)
			}
			return public
		}
	}
	t.Fatalf("the JWKS has no key %q", kid)
	return nil
}

func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t *testing.T, part string, into any) {
	t.Helper()
	if err := json.Unmarshal(bytesOf(t, part), into); err != nil {
		t.Fatal(err)
	}
}
