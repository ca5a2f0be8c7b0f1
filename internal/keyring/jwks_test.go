// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// jwks returns the members of each published key.
func jwks(t testing.TB, r *keyring.Ring) []map[string]string {
	t.Helper()
	var set map[string][]map[string]string
	if err := json.Unmarshal(r.JWKS(), &set); err != nil {
		t.Fatalf("%v in %s", err, r.JWKS())
	}
	if len(set) != 1 {
		t.Fatalf("the set has other members than keys: %s", r.JWKS())
	}
	return set["keys"]
}

// publishedKIDs returns the kids in the JWKS.
func publishedKIDs(t testing.TB, r *keyring.Ring) map[string]bool {
	t.Helper()
	ids := make(map[string]bool)
	for _, k := range jwks(t, r) {
		ids[k["kid"]] = true
	}
	return ids
}

// The JWKS never holds a private member (threat 32): each key has exactly the
// public ones of its type, in every state, after any history.
func TestJWKSHoldsNoPrivateMember(t *testing.T) {
	r := open(t, memstore.New())
	if err := r.Ensure(t.Context(), keyring.RS256); err != nil {
		t.Fatal(err)
	}
	members := map[string][]string{
		"ES256": {"alg", "crv", "kid", "kty", "use", "x", "y"},
		"EdDSA": {"alg", "crv", "kid", "kty", "use", "x"},
		"RS256": {"alg", "e", "kid", "kty", "n", "use"},
	}
	for range 2 {
		keys := jwks(t, r)
		if len(keys) != len(r.Keys()) {
			t.Errorf("%d keys published, %d listed", len(keys), len(r.Keys()))
		}
		for _, k := range keys {
			var names []string
			for name, value := range k {
				names = append(names, name)
				if value == "" {
					t.Errorf("%s key has an empty %s", k["alg"], name)
				}
			}
			slices.Sort(names)
			if !slices.Equal(names, members[k["alg"]]) {
				t.Errorf("%s key has the members %v, want %v", k["alg"], names, members[k["alg"]])
			}
			if k["use"] != "sig" {
				t.Errorf("use is %q", k["use"])
			}
		}
		if err := r.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Coordinates are as long as the curve asks, with leading zeros (RFC 7518
// section 6.2.1.2): one key in 128 would otherwise be refused by strict verifiers.
func TestJWKSCoordinatesAreFullLength(t *testing.T) {
	r := open(t, memstore.New())
	for range 100 {
		if err := r.Rotate(t.Context(), keyring.ES256); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range jwks(t, r) {
		if k["kty"] == "EC" && (len(k["x"]) != 43 || len(k["y"]) != 43) {
			t.Errorf("x and y have %d and %d characters, want 43", len(k["x"]), len(k["y"]))
		}
	}
}

// The keys that are listed hold no private part either.
func TestKeyInfoHoldsNoPrivateMember(t *testing.T) {
	r := open(t, memstore.New())
	text, err := json.Marshal(r.Keys())
	if err != nil {
		t.Fatal(err)
	}
	var keys []map[string]string
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	allowed := []string{"kid", "alg", "state", "created", "signs_since", "retired_at", "leaves_at"}
	for _, k := range keys {
		for name := range k {
			if !slices.Contains(allowed, name) {
				t.Errorf("%q is told of a key", name)
			}
		}
	}
}

// Whatever the clock and the operator do, in any order: one key signs and one
// follows it, what signs is published, and a key that signed is published for
// Retire after it stopped.
func TestAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := memstore.New()
		var nodes []*keyring.Ring
		for range 2 {
			node, err := keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			nodes = append(nodes, node)
		}
		now := time.Now()
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			node := nodes[rapid.IntRange(0, 1).Draw(t, "node")]
			if err := node.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "by hand") {
				if err := node.Rotate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			before := node.Keys()
			if _, err := node.Maintain(t.Context(), now); err != nil {
				t.Fatal(err)
			}
			after := make(map[string]bool)
			for _, k := range node.Keys() {
				after[k.KID] = true
			}
			for _, k := range before {
				last := k.RetiredAt
				if k.State != keyring.Retired {
					last = now
				}
				if !after[k.KID] && now.Sub(last) < 2*time.Hour {
					t.Fatalf("a key left the JWKS %s after it could sign: %+v", now.Sub(last), k)
				}
			}
			if !after[node.Current(keyring.ES256)] {
				t.Fatal("the key that signs is not published")
			}
			now = now.Add(time.Duration(rapid.Int64Range(int64(-40*day), int64(40*day)).Draw(t, "pass")))
		}
	})
}
