// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// Facts is facts, for tests of what no whole request shows.
var Facts = facts

// Covers is covers, for the fuzz target.
func (a *LogoutAddress) Covers(path, query string) bool { return a.covers(path, query) }

// Reuses reports whether an assertion about a user that was made at one moment is used at
// another one.
func (g *Gate) Reuses(u *identity.User, made, now time.Time) (bool, error) {
	v := visit{Gate: g, now: made}
	w, err := v.newView(keyring.Claims{}, u, "")
	return err == nil && w.fits(g.App, nil, u, "", now), err
}
