// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// KeyRotation names the algorithms whose keys are to be rotated; none means all.
type KeyRotation struct {
	Algorithms []string `json:"algorithms,omitempty"`
	// Drop takes all keys before, the next ones too, out of the JWKS at once: they have
	// been stolen. What they have signed is refused then.
	Drop bool `json:"drop,omitempty"`
}

// ListKeys returns what may be told of each signing key.
func (a *Admin) ListKeys() []keyring.KeyInfo {
	return append([]keyring.KeyInfo{}, a.Keys.Keys()...) // an empty list, not null
}

// RotateKeys makes the next keys sign at once and returns all keys as they are
// now. What the keys before have signed stays good until it expires, unless they
// are dropped.
func (a *Admin) RotateKeys(ctx context.Context, r KeyRotation) ([]keyring.KeyInfo, error) {
	var algs []keyring.Algorithm
	for _, name := range r.Algorithms {
		alg, err := keyring.ParseAlgorithm(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBadQuestion, err)
		}
		if !slices.Contains(a.algorithms(), alg) {
			return nil, fmt.Errorf("%w: no app uses a key for %q, so there is none to rotate", ErrBadQuestion, alg)
		}
		algs = append(algs, alg)
	}
	before := a.signing()
	rotate, how := a.Keys.Rotate, "rotated"
	if r.Drop {
		rotate, how = a.Keys.Replace, "all keys before dropped"
	}
	if err := rotate(ctx, algs...); err != nil {
		return nil, err
	}
	for kid, alg := range a.signing() {
		if _, was := before[kid]; !was {
			a.Audit.Record(audit.Event{Kind: audit.KeyRotated, Reason: fmt.Sprintf("%s signs with %s now, %s"+byOperator, alg, kid, how)})
		}
	}
	return a.ListKeys(), nil
}

// algorithms returns those that have keys.
func (a *Admin) algorithms() []keyring.Algorithm {
	return slices.Collect(maps.Values(a.signing()))
}

// signing returns the algorithms of the keys that sign, by key ID.
func (a *Admin) signing() map[string]keyring.Algorithm {
	current := map[string]keyring.Algorithm{}
	for _, key := range a.Keys.Keys() {
		if key.State == keyring.Current {
			current[key.KID] = key.Algorithm
		}
	}
	return current
}

// ExportKeys returns the public keys as a JWK Set (RFC 7517), for verifiers that
// cannot fetch it from the portal. Private keys are never exported.
func (a *Admin) ExportKeys() json.RawMessage { return slices.Clone(a.Keys.JWKS()) }
