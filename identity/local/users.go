// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package local is the identity source whose users are kept in the store. It
// owns their names, passwords and groups. It does not slow guessing down, ends
// no sessions and writes no log: that is for the packages which use it.
//
// A user is two documents, written in one commit: the account under its ID, and
// a claim that leads from the blinded name to the ID. So names are unique on
// every node, and a copied file does not show who has an account.
package local

import (
	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Source is the name of this source in [identity.User].
const Source = "local"

// Options are the settings of [Users]. The zero value is the right one outside of tests.
type Options struct {
	// Argon is what a password hash costs. A zero field means that of [Recommended].
	Argon Params
}

// Users are the users kept in a store.
type Users struct {
	store  store.Store
	blind  func(name string) string
	hasher *hasher
}

// New returns the users kept in s. blind turns a name into a text which does
// not reveal it and which is the same for ever, on every node.
func New(s store.Store, blind func(name string) string, o Options) *Users {
	return &Users{store: s, blind: blind, hasher: newHasher(o.Argon.orRecommended())}
}

// Hashes returns how many password hashes have been computed. It is a measure
// of load, and of whether every answer costs the same.
func (u *Users) Hashes() uint64 { return u.hasher.computed.Load() }

var _ identity.Source = (*Users)(nil)
