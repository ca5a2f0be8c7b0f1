// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import "time"

// State says what a key is for.
type State string

// The states of a key, in the order in which it goes through them.
const (
	// Next is published and does not sign yet.
	Next State = "next"
	// Current signs.
	Current State = "current"
	// Retired signs no more and is published until its last token is dead.
	Retired State = "retired"
)

// KeyInfo is what may be told of a key: everything but the key. Dates that have
// not come are zero, and left out of the JSON.
type KeyInfo struct {
	KID       string    `json:"kid"`
	Algorithm Algorithm `json:"alg"`
	State     State     `json:"state"`
	// Created is when the key came into the JWKS.
	Created time.Time `json:"created"`
	// SignsSince is when it became the current key.
	SignsSince time.Time `json:"signs_since,omitzero"`
	// RetiredAt is when it stopped signing.
	RetiredAt time.Time `json:"retired_at,omitzero"`
	// LeavesAt is when a retired key leaves the JWKS.
	LeavesAt time.Time `json:"leaves_at,omitzero"`
}

// info returns what may be told of the key.
func (k key) info(schedule Schedule) KeyInfo {
	return KeyInfo{
		KID: k.id, Algorithm: k.alg, State: k.state(),
		Created: k.created, SignsSince: k.since, RetiredAt: k.retired, LeavesAt: k.leaves(schedule),
	}
}
