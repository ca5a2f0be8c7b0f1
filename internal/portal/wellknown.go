// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

const jwksPath = "/.well-known/jwks.json"

// keysMaxAge is how long verifiers may keep the key set, in seconds. The key
// ring publishes a key long before it signs and keeps it long after.
const keysMaxAge = 3600

// jwks publishes the keys that verify assertions (RFC 7517).
func (v *visit) jwks() {
	v.KeyReaders.note(v.arrival.Client, time.Now())
	v.public("application/jwk-set+json", v.Keys.JWKS())
}

// configuration is the part of OpenID Connect Discovery 1.0 that verifiers need
// to configure themselves. Gatehouse is no OpenID provider, so the rest is not there.
func (v *visit) configuration() {
	body, err := json.Marshal(struct {
		Issuer     string              `json:"issuer"`
		JWKS       string              `json:"jwks_uri"`
		Algorithms []keyring.Algorithm `json:"id_token_signing_alg_values_supported"`
		// OpenID Connect Back-Channel Logout 1.0, section 2.1.
		Backchannel        bool `json:"backchannel_logout_supported"`
		BackchannelSession bool `json:"backchannel_logout_session_supported"`
	}{v.Origin, v.Origin + jwksPath, []keyring.Algorithm{keyring.ES256, keyring.EdDSA, keyring.RS256}, true, true})
	if err != nil {
		v.failed(err)
		pages.Plain(v.w, http.StatusInternalServerError, v.arrival.ID)
		return
	}
	v.public("application/json", body)
}

// public answers with what everybody may read and keep for a while.
func (v *visit) public(contentType string, body []byte) {
	h := v.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", keysMaxAge))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	// A client that has gone away is told nothing.
	_, _ = v.w.Write(body)
}

// healthz says whether people can sign in now: the store takes writes and a
// current key is in date. It tells strangers no more than that.
func (v *visit) healthz() {
	err := v.Healthy(v.r.Context())
	if err == nil {
		err = v.Keys.Healthy(v.now)
	}
	if err != nil {
		v.failed(fmt.Errorf("not healthy: %w", err))
		pages.Plain(v.w, http.StatusServiceUnavailable, v.arrival.ID)
		return
	}
	pages.Plain(v.w, http.StatusOK, "")
}
