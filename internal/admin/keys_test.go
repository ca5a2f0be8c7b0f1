// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// Rotating makes another key sign and keeps the one before in the set that
// verifiers read.
func TestRotateKeys(t *testing.T) {
	h := open(t)
	before := h.Keys.Current(keyring.ES256)
	keys, err := h.RotateKeys(t.Context(), admin.KeyRotation{Algorithms: []string{"ES256"}})
	if err != nil {
		t.Fatal(err)
	}
	after := h.Keys.Current(keyring.ES256)
	states := map[string]keyring.State{}
	for _, key := range keys {
		states[key.KID] = key.State
	}
	if after == before || states[after] != keyring.Current || states[before] != keyring.Retired {
		t.Errorf("%s signs after %s; got %v", after, before, keys)
	}
	h.audit.want(t, audit.Event{Kind: audit.KeyRotated, Reason: "ES256 signs with " + after + " now, rotated by operator"})
	if set := string(h.ExportKeys()); !json.Valid([]byte(set)) || !strings.Contains(set, after) || !strings.Contains(set, before) {
		t.Errorf("a key is missing in %s", set)
	}
}

// After a theft nothing of the keys before is in the set that verifiers read.
func TestDropKeys(t *testing.T) {
	h := open(t)
	var before []string
	for _, key := range h.ListKeys() {
		before = append(before, key.KID)
	}
	keys, err := h.RotateKeys(t.Context(), admin.KeyRotation{Drop: true})
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %v, %v, want a current and a next key", keys, err)
	}
	for _, kid := range before {
		if strings.Contains(string(h.ExportKeys()), kid) {
			t.Errorf("%s is still in the set", kid)
		}
	}
	h.audit.want(t, audit.Event{Kind: audit.KeyRotated, Reason: "ES256 signs with " + h.Keys.Current(keyring.ES256) + " now, all keys before dropped by operator"})
}

func TestRotateKeysRefusesAnUnknownAlgorithm(t *testing.T) {
	h := open(t)
	before := h.Keys.Current(keyring.ES256)
	for _, alg := range []string{"none", "es256", "HS256", ""} {
		if _, err := h.RotateKeys(t.Context(), admin.KeyRotation{Algorithms: []string{alg}}); err == nil {
			t.Errorf("%q was rotated", alg)
		}
	}
	if h.Keys.Current(keyring.ES256) != before {
		t.Error("another key signs")
	}
	h.audit.want(t)
}
