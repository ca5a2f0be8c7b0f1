// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const password = "correct horse battery"

// cheap makes hashes that cost next to nothing.
var cheap = local.Options{Argon: local.Params{Memory: 8, Time: 1, Threads: 1}}

// open returns users in a new store, and the store.
func open(t *testing.T) (*local.Users, store.Store) {
	t.Helper()
	s := memstore.New()
	t.Cleanup(func() { s.Close() })
	return local.New(s, blind, cheap), s
}

func blind(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func add(t *testing.T, users *local.Users, n local.NewUser) *identity.User {
	t.Helper()
	user, err := users.Add(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func addAnna(t *testing.T, users *local.Users) *identity.User {
	t.Helper()
	return add(t, users, local.NewUser{
		Name: "anna", FullName: "Anna Ölander", Email: "anna@example.com",
		Groups: []string{"staff", "wiki"}, Password: password,
	})
}
