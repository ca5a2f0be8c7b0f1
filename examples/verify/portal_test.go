// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/examples/verify/verifytest"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const (
	issuer   = "https://login.example.com"
	audience = "wiki"
)

// portal serves the JWKS of a real key ring and counts who asks.
type portal struct {
	*httptest.Server
	ring    *keyring.Ring
	store   store.Store
	fetches atomic.Int32
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	s := memstore.New()
	ring, err := keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Ensure(t.Context(), keyring.EdDSA, keyring.RS256); err != nil {
		t.Fatal(err)
	}
	p := &portal{ring: ring, store: s}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fetches.Add(1)
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Write(p.ring.JWKS())
	}))
	t.Cleanup(p.Close)
	return p
}

// sign returns a good assertion, as the gate makes them.
func (p *portal) sign(t *testing.T, alg keyring.Algorithm) string {
	t.Helper()
	token, _, err := p.ring.Sign(keyring.Signer{Algorithm: alg}, keyring.Claims{
		Issuer: issuer, Subject: "u-1", Audience: audience, Name: "ada", FullName: "Ada, Gräfin Lovelace",
	}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// good is what a verifier says of it.
const good = "ok u-1 ada"

func isGood(answer string) bool { return answer == good }

// trust is what a verifier is told of the portal.
func (p *portal) trust() verifytest.Trust {
	return verifytest.Trust{JWKS: p.URL, Issuer: issuer, Audience: audience}
}

// rotate rotates twice, so that a key signs which was never published before.
func (p *portal) rotate(t *testing.T) {
	t.Helper()
	for range 2 {
		if err := p.ring.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// private reads the key that signs out of the ring's document, to sign with it
// what the ring would not.
func (p *portal) private(t *testing.T, alg keyring.Algorithm) crypto.Signer {
	t.Helper()
	document, err := p.store.Document(t.Context(), keyring.Document)
	if err != nil {
		t.Fatal(err)
	}
	var ring struct {
		Algorithms map[keyring.Algorithm]struct{ Current struct{ PKCS8 []byte } }
	}
	if err := json.Unmarshal(document.Data, &ring); err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(ring.Algorithms[alg].Current.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	return private.(crypto.Signer)
}

// object is JSON with members that a test changes.
type object map[string]any

// with returns a copy with some members set, or removed when nil.
func (o object) with(changes object) object {
	o = maps.Clone(o)
	for name, value := range changes {
		if value == nil {
			delete(o, name)
		} else {
			o[name] = value
		}
	}
	return o
}

var b64 = base64.RawURLEncoding

// forge writes a token of any header and claims, signed with any key.
func forge(t *testing.T, header, claims any, private any) string {
	t.Helper()
	var text string
	for _, part := range []any{header, claims} {
		data, ok := part.(json.RawMessage)
		if !ok {
			var err error
			if data, err = json.Marshal(part); err != nil {
				t.Fatal(err)
			}
		}
		text += b64.EncodeToString(data) + "."
	}
	text = text[:len(text)-1]
	return text + "." + b64.EncodeToString(signature(t, private, text))
}

// signature signs as RFC 7518 section 3 says, independently of the ring.
func signature(t *testing.T, private any, text string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	switch k := private.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		return ed25519.Sign(k, []byte(text))
	case *rsa.PrivateKey:
		signature, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return signature
	case []byte:
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	return nil
}
