// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

func logout() keyring.Logout {
	return keyring.Logout{Issuer: issuer, Subject: "u-1", Audience: audience, SessionID: "AZqN"}
}

// A logout token is what OpenID Connect Back-Channel Logout 1.0, section 2.4,
// describes, and nothing else: no nonce above all.
func TestLogoutTokenForm(t *testing.T) {
	r := open(t, memstore.New())
	if err := r.Ensure(t.Context(), keyring.RS256); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 999_000_000)
	seen := map[any]bool{}
	for _, s := range []keyring.Signer{
		{Algorithm: keyring.ES256}, {Algorithm: keyring.EdDSA}, {Algorithm: keyring.RS256},
		{Algorithm: keyring.HS256, Secret: []byte("a secret that is long enough for HS256")},
	} {
		token, err := r.SignLogout(s, logout(), now)
		if err != nil {
			t.Fatal(err)
		}
		header, body := parts(t, token)
		if kid, _ := header["kid"].(string); kid == "" {
			t.Errorf("%s: no kid", s)
		}
		delete(header, "kid")
		if diff := cmp.Diff(map[string]any{"typ": "logout+jwt", "alg": s.String()}, header); diff != "" {
			t.Errorf("%s: header (-want +got):\n%s", s, diff)
		}
		if id, _ := body["jti"].(string); len(id) != 22 || seen[id] {
			t.Errorf("%s: jti is %q", s, body["jti"])
		}
		seen[body["jti"]] = true
		delete(body, "jti")
		want := map[string]any{
			"iss": issuer, "sub": "u-1", "aud": audience, "sid": "AZqN",
			"iat": 1_800_000_000.0, "exp": 1_800_000_120.0,
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		}
		if diff := cmp.Diff(want, body); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", s, diff)
		}
	}
}

// Attack: an app, or whoever listens at its address, shows a logout token where a
// login is asked for. It names the person and is rightly signed.
func TestLogoutTokenIsNoAssertion(t *testing.T) {
	r := open(t, memstore.New())
	now := time.Now()
	token, err := r.SignLogout(keyring.Signer{Algorithm: keyring.ES256}, logout(), now)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := r.Verify(token, issuer, audience, []keyring.Algorithm{keyring.ES256}, now); err == nil {
		t.Errorf("accepted as %v", c)
	}
}

// No logout token is made that would end more than one session, or that an app
// could not tie to its issuer and to itself.
func TestSignLogoutRefuses(t *testing.T) {
	r := open(t, memstore.New())
	for name, change := range map[string]func(*keyring.Logout){
		"issuer":   func(l *keyring.Logout) { l.Issuer = "" },
		"subject":  func(l *keyring.Logout) { l.Subject = "" },
		"audience": func(l *keyring.Logout) { l.Audience = "" },
		"session":  func(l *keyring.Logout) { l.SessionID = "" },
	} {
		l := logout()
		change(&l)
		if _, err := r.SignLogout(keyring.Signer{Algorithm: keyring.ES256}, l, time.Now()); err == nil {
			t.Errorf("signed without %s", name)
		}
	}
	for _, s := range []keyring.Signer{{}, {Algorithm: "none"}, {Algorithm: keyring.HS256, Secret: []byte("short")}} {
		if _, err := r.SignLogout(s, logout(), time.Now()); err == nil {
			t.Errorf("signed with %q", s)
		}
	}
}
