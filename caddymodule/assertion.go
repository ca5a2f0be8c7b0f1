// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// Assertion says how the JWT for an app is made.
type Assertion struct {
	// The signature algorithm: `ES256`, `EdDSA`, `RS256`, or `HS256` with a secret
	// that the app shares. With HS256 the app could sign for itself, so prefer the
	// others where the app can verify them. Default: `ES256`.
	Algorithm string `json:"algorithm,omitempty"`

	// The secret for HS256, at least 32 bytes (RFC 7518, section 3.2). Keep it out
	// of the configuration with a placeholder, `{env.WIKI_SECRET}` or
	// `{file./run/secrets/wiki}`, which is replaced when the configuration is loaded.
	Secret string `json:"secret,omitempty"`

	// How long an assertion is valid, 30 seconds to 1 hour. An assertion is used
	// for half of this time before a new one is signed. Raise it only for apps
	// that look at the assertion again long after the request began. Default: 2m.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`
}

const defaultAssertionLifetime = 2 * time.Minute

func assertionBounds() bounds { return bounds{30 * time.Second, time.Hour} }

func algorithms() []string { return []string{"ES256", "EdDSA", "RS256", "HS256"} }

// secretLength is the least that a key for HS256 has (RFC 7518, section 3.2).
const secretLength = 32

// resolve returns the settings with defaults filled in and the secret read.
func (a Assertion) resolve() (Assertion, error) {
	if a.Algorithm == "" {
		a.Algorithm = "ES256"
	}
	if a.Lifetime == 0 {
		a.Lifetime = caddy.Duration(defaultAssertionLifetime)
	}
	var err error
	a.Secret, err = resolveSecret("assertion_secret", a.Secret)
	return a, err
}

// validate checks settings that are resolved.
func (a Assertion) validate() error {
	if !slices.Contains(algorithms(), a.Algorithm) {
		return fmt.Errorf("assertion_algorithm: %w", unknown("algorithm", a.Algorithm, algorithms()))
	}
	if err := assertionBounds().check(a.Lifetime); err != nil {
		return fmt.Errorf("assertion_lifetime: %w", err)
	}
	switch {
	case a.Algorithm == "HS256" && a.Secret == "":
		return errors.New(`assertion_algorithm HS256 needs assertion_secret: write assertion_secret {env.NAME} or {file.PATH}`)
	case a.Algorithm == "HS256" && len(a.Secret) < secretLength:
		return fmt.Errorf("assertion_secret has %d bytes: HS256 needs at least %d", len(a.Secret), secretLength)
	case a.Algorithm != "HS256" && a.Secret != "":
		return fmt.Errorf("assertion_secret belongs to HS256, not to %q: remove it, or write assertion_algorithm HS256", a.Algorithm)
	}
	return nil
}
