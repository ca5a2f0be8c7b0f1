// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// Verifiers find the keys by the issuer alone, may keep them for an hour, and may
// be scripts in a browser.
func TestDiscovery(t *testing.T) {
	w := newPortal(t)
	b := w.browser()
	var configuration struct {
		Issuer     string   `json:"issuer"`
		JWKS       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	a := b.get("/.well-known/openid-configuration", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors")
	if err := json.Unmarshal([]byte(a.body), &configuration); err != nil {
		t.Fatal(err)
	}
	if configuration.Issuer != origin || configuration.JWKS != origin+"/.well-known/jwks.json" || !slices.Contains(configuration.Algorithms, "ES256") || slices.Contains(configuration.Algorithms, "HS256") {
		t.Errorf("configuration %+v", configuration)
	}
	keys := b.get(configuration.JWKS)
	for _, a := range []*answer{a, keys} {
		h := a.header
		if a.status != http.StatusOK || h.Get("Cache-Control") != "public, max-age=3600" || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Set-Cookie") != "" {
			t.Errorf("%d %v", a.status, h)
		}
	}
	if keys.header.Get("Content-Type") != "application/jwk-set+json" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("types %q and %q", keys.header.Get("Content-Type"), a.header.Get("Content-Type"))
	}
}

// Threat 32: the key set has the current key and the next one of every algorithm,
// and never a private member (RFC 7518, section 6).
func TestKeySetHoldsNothingPrivate(t *testing.T) {
	w := newPortal(t)
	if err := w.portal.Keys.Ensure(t.Context(), keyring.EdDSA, keyring.RS256); err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(w.browser().get("/.well-known/jwks.json").body), &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 6 {
		t.Errorf("%d keys, want 6", len(set.Keys))
	}
	for _, key := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, there := key[private]; there {
				t.Errorf("key %v has %q", key["kid"], private)
			}
		}
	}
}

// What verifiers load takes no part in anybody's session: it is the same with a
// cookie and sets none.
func TestKeySetIsTheSameForAll(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	with, without := b.get("/.well-known/jwks.json"), w.browser().get("/.well-known/jwks.json")
	if with.body != without.body || with.header.Get("Set-Cookie") != "" {
		t.Error("the key set depends on who asks")
	}
	head := w.browser().do(http.MethodHead, "/.well-known/jwks.json", nil)
	if head.status != http.StatusOK || head.body != "" || head.header.Get("Content-Length") != without.header.Get("Content-Length") {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
}

// healthz says in one word whether people can sign in, and to strangers no more.
func TestHealthz(t *testing.T) {
	w := newPortal(t)
	b := w.browser()
	if a := b.get("/healthz"); a.status != http.StatusOK || a.body != "OK\n" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
	w.disk.pull()
	if a := b.get("/healthz"); a.status != http.StatusServiceUnavailable || strings.Contains(a.body, "pulled") {
		t.Errorf("%d %q", a.status, a.body)
	}
	w.disk.plugIn()
	if a := b.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("afterwards: %d", a.status)
	}
}

// healthz says so when no key is in date, that is when nobody rotates them.
func TestHealthzWithoutAKeyInDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t, memstore.New(), newKey(t), func(p *portal.Portal) {
			alone, err := keyring.Open(t.Context(), memstore.New(), keyring.Schedule{}, zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			p.Keys = alone
		})
		b := w.browser()
		time.Sleep(29 * 24 * time.Hour)
		if a := b.get("/healthz"); a.status != http.StatusOK {
			t.Errorf("after 29 days: %d", a.status)
		}
		time.Sleep(3 * 24 * time.Hour)
		if a := b.get("/healthz"); a.status != http.StatusServiceUnavailable {
			t.Errorf("after 32 days: %d", a.status)
		}
	})
}
