// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package admin owns what an operator can do: change users, unlock them, look at
// keys and rotate them. It knows neither HTTP nor flags, so that the admin API
// and the commands do exactly the same. Whether the caller may ask for it at all
// is decided before: by who reaches the admin endpoint, or the file.
//
// What an operator takes away from a person is gone when a call returns without
// an error. With one, the error says what has happened and what has not.
package admin

import (
	"context"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
)

// Admin carries out what an operator asks for. All fields are needed.
type Admin struct {
	Users    *local.Users
	Throttle *throttle.Throttle
	Keys     *keyring.Ring
	// EndSessions ends all sessions of a user, durably, and returns how many
	// there were. With an error some may not be ended.
	EndSessions func(ctx context.Context, userID, reason string) (int, error)
	// Audit learns of each change that was made.
	Audit audit.Sink
}

func (a *Admin) changed(user *identity.User, what string) {
	a.Audit.Record(audit.Event{Kind: audit.UserChanged, User: user.Name, Reason: what})
}
