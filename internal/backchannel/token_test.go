// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"strings"
	"testing"
	"time"
)

// quiet is a log for servers that are treated badly on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// claims is what an app looks at in a logout token.
type claims struct {
	Issuer    string                     `json:"iss"`
	Subject   string                     `json:"sub"`
	Audience  string                     `json:"aud"`
	Issued    int64                      `json:"iat"`
	Expires   int64                      `json:"exp"`
	ID        string                     `json:"jti"`
	SessionID string                     `json:"sid"`
	Events    map[string]json.RawMessage `json:"events"`
}

// verify does what OpenID Connect Back-Channel Logout 1.0, section 2.6, asks of an
// app, with the keys that the portal publishes and the standard library alone.
func verify(t testing.TB, jwks []byte, token, audience string) claims {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	raw := make([][]byte, 3)
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			t.Fatal(err)
		}
	}
	var header struct{ Typ, Alg, Kid string }
	if err := json.Unmarshal(raw[0], &header); err != nil {
		t.Fatal(err)
	}
	if header.Typ != "logout+jwt" || header.Alg != "ES256" {
		t.Errorf("header %+v", header)
	}
	key := published(t, jwks, header.Kid)
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:])
	if !ecdsa.Verify(key, hash[:], r, s) {
		t.Error("the signature is wrong")
	}

	var c claims
	if err := json.Unmarshal(raw[1], &c); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	switch event, ok := c.Events["http://schemas.openid.net/event/backchannel-logout"]; {
	case c.Issuer != portal || c.Audience != audience:
		t.Errorf("from %q for %q", c.Issuer, c.Audience)
	case c.Issued > now || c.Expires <= now || c.Expires-c.Issued > 120:
		t.Errorf("issued at %d, until %d", c.Issued, c.Expires)
	case c.Subject == "" || c.SessionID == "" || c.ID == "":
		t.Errorf("incomplete: %s", raw[1])
	case !ok || string(event) != "{}" || len(c.Events) != 1:
		t.Errorf("events: %s", raw[1])
	}
	var all map[string]any
	if err := json.Unmarshal(raw[1], &all); err != nil {
		t.Fatal(err)
	}
	if _, ok := all["nonce"]; ok {
		t.Error("a logout token with a nonce may be taken for an ID token")
	}
	return c
}

// published returns a key of a JWK Set by its kid.
func published(t testing.TB, jwks []byte, kid string) *ecdsa.PublicKey {
	t.Helper()
	var set struct {
		Keys []struct{ Kid, Kty, Crv, X, Y string }
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.Kid != kid || k.Kty != "EC" || k.Crv != "P-256" {
			continue
		}
		x, errX := base64.RawURLEncoding.DecodeString(k.X)
		y, errY := base64.RawURLEncoding.DecodeString(k.Y)
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	t.Fatalf("the key %q is not published", kid)
	return nil
}
