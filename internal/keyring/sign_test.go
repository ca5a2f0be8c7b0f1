// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const (
	issuer   = "https://login.example.com"
	audience = "wiki"
)

func claims() keyring.Claims {
	return keyring.Claims{
		Issuer: issuer, Subject: "u-1", Audience: audience,
		Name: "ada", FullName: "Ada Lovelace", Email: "ada@example.com", Groups: []string{"staff", "math"},
		SessionID: "AZqN", AuthTime: time.Unix(1_700_000_000, 0), AMR: []string{"pwd"},
	}
}

// parts returns header and claims of a token as they were written.
func parts(t *testing.T, token string) (header, body map[string]any) {
	t.Helper()
	pieces := strings.Split(token, ".")
	if len(pieces) != 3 {
		t.Fatalf("token has %d parts", len(pieces))
	}
	for i, into := range []*map[string]any{&header, &body} {
		text, err := b64.DecodeString(pieces[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, body
}

// The assertion is what the outside was promised, name by name.
func TestAssertionForm(t *testing.T) {
	r := open(t, memstore.New())
	now := time.Unix(1_800_000_000, 999_000_000)
	token, kid, err := r.Sign(keyring.Signer{Algorithm: keyring.ES256}, claims(), now, 90*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	header, body := parts(t, token)
	if kid != r.Current(keyring.ES256) {
		t.Errorf("kid %s is not the current one", kid)
	}
	if diff := cmp.Diff(map[string]any{"typ": "JWT", "alg": "ES256", "kid": kid}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if id, _ := body["jti"].(string); len(id) != 22 {
		t.Errorf("jti is %q", body["jti"])
	}
	delete(body, "jti")
	want := map[string]any{
		"iss": issuer, "sub": "u-1", "preferred_username": "ada", "aud": audience,
		"exp": 1_800_000_090.0, "iat": 1_800_000_000.0, "nbf": 1_799_999_970.0,
		"sid": "AZqN", "auth_time": 1_700_000_000.0, "amr": []any{"pwd"},
		"name": "Ada Lovelace", "email": "ada@example.com", "groups": []any{"staff", "math"},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// What is unknown is left out, but lists are always lists, so that an app may
// loop over them.
func TestAssertionOfLittleKnownPerson(t *testing.T) {
	r := open(t, memstore.New())
	token, _, err := r.Sign(keyring.Signer{Algorithm: keyring.EdDSA},
		keyring.Claims{Issuer: issuer, Subject: "u-2", Audience: audience, Name: "bob"}, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_, body := parts(t, token)
	for _, name := range []string{"exp", "iat", "nbf", "jti"} {
		delete(body, name)
	}
	want := map[string]any{"iss": issuer, "sub": "u-2", "aud": audience, "preferred_username": "bob", "groups": []any{}, "amr": []any{}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// No assertion is made that a verifier could not tie to issuer, person and app,
// or that would outlive its key.
func TestSignRefuses(t *testing.T) {
	r := open(t, memstore.New())
	without := func(change func(*keyring.Claims)) keyring.Claims { c := claims(); change(&c); return c }
	es := keyring.Signer{Algorithm: keyring.ES256}
	for name, c := range map[string]struct {
		signer   keyring.Signer
		claims   keyring.Claims
		lifetime time.Duration
	}{
		"no issuer":         {es, without(func(c *keyring.Claims) { c.Issuer = "" }), time.Minute},
		"no subject":        {es, without(func(c *keyring.Claims) { c.Subject = "" }), time.Minute},
		"no audience":       {es, without(func(c *keyring.Claims) { c.Audience = "" }), time.Minute},
		"no lifetime":       {es, claims(), 0},
		"negative lifetime": {es, claims(), -time.Minute},
		"long lifetime":     {es, claims(), time.Hour + 1},
		"no algorithm":      {keyring.Signer{}, claims(), time.Minute},
		"alg none":          {keyring.Signer{Algorithm: "none"}, claims(), time.Minute},
		"not ensured":       {keyring.Signer{Algorithm: keyring.RS256}, claims(), time.Minute},
		"no secret":         {keyring.Signer{Algorithm: keyring.HS256}, claims(), time.Minute},
		"short secret":      {keyring.Signer{Algorithm: keyring.HS256, Secret: make([]byte, 31)}, claims(), time.Minute},
	} {
		if token, kid, err := r.Sign(c.signer, c.claims, time.Now(), c.lifetime); err == nil || token != "" || kid != "" {
			t.Errorf("%s: signed", name)
		}
	}
}

// An HS256 assertion is the app's secret over the text, and its kid tells two
// secrets apart without giving one away.
func TestSharedSecret(t *testing.T) {
	r := open(t, memstore.New())
	secret, other := bytes.Repeat([]byte("s"), 32), bytes.Repeat([]byte("o"), 32)
	token, kid, err := r.Sign(keyring.Signer{Algorithm: keyring.HS256, Secret: secret}, claims(), time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	header, _ := parts(t, token)
	if diff := cmp.Diff(map[string]any{"typ": "JWT", "alg": "HS256", "kid": kid}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	signed, signature, _ := cutLast(token)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	if signature != b64.EncodeToString(mac.Sum(nil)) {
		t.Error("the signature is not HMAC-SHA256 of the secret")
	}
	_, second, err := r.Sign(keyring.Signer{Algorithm: keyring.HS256, Secret: other}, claims(), time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if second == kid {
		t.Error("two secrets have one kid")
	}
	if _, err := r.Verify(token, issuer, audience, []keyring.Algorithm{keyring.HS256}, time.Now()); err == nil {
		t.Error("the ring verified a token of a secret that it does not have")
	}
}

// A secret that shows up in a log by accident is a secret that is lost.
func TestSignerPrintsNoSecret(t *testing.T) {
	s := keyring.Signer{Algorithm: keyring.HS256, Secret: []byte("correct horse battery staple 1234")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{s, &s, []keyring.Signer{s}} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "horse") || strings.Contains(text, "63, 6f") || strings.Contains(text, "99 111") || strings.Contains(text, "0x63") {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
}

// Signing and rotating at the same time: every token verifies (race detector).
func TestSignWhileRotating(t *testing.T) {
	r := open(t, memstore.New())
	done := make(chan error)
	go func() {
		for range 50 {
			if err := r.Rotate(t.Context(), keyring.ES256); err != nil {
				done <- err
				return
			}
		}
		close(done)
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
		token, _, err := r.Sign(keyring.Signer{Algorithm: keyring.ES256}, claims(), time.Now(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Verify(token, issuer, audience, []keyring.Algorithm{keyring.ES256}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	r := open(b, memstore.New())
	if err := r.Ensure(b.Context(), keyring.RS256); err != nil {
		b.Fatal(err)
	}
	for _, alg := range []keyring.Algorithm{keyring.ES256, keyring.EdDSA, keyring.RS256, keyring.HS256} {
		b.Run(string(alg), func(b *testing.B) {
			signer, now := keyring.Signer{Algorithm: alg, Secret: make([]byte, 32)}, time.Now()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := r.Sign(signer, claims(), now, time.Minute); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCurrent(b *testing.B) {
	r := open(b, memstore.New())
	b.ReportAllocs()
	for b.Loop() {
		if r.Current(keyring.ES256) == "" {
			b.Fatal("no key")
		}
	}
}
