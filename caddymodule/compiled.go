// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// compiled is what settings of a gate mean, where that is more than they say.
type compiled struct {
	rules       *policy.Policy
	passive     policy.Paths
	logoutOn    []gate.LogoutAddress
	embedders   gate.Embedders
	naming      gate.Naming
	credentials []gate.Credential
}

// compile reads the settings. Its errors begin with the name of the option.
func (g *Gate) compile() (c compiled, err error) {
	if c.rules, err = policy.Compile(g.Rules); err != nil {
		return c, err
	}
	if c.passive, err = policy.CompilePaths(g.Passive...); err != nil {
		return c, fmt.Errorf("passive: %w", err)
	}
	if c.logoutOn, err = g.logoutAddresses(); err != nil {
		return c, err
	}
	if c.embedders, err = g.embedders(); err != nil {
		return c, err
	}
	if c.naming, err = g.naming(); err != nil {
		return c, err
	}
	c.credentials, err = g.credentials()
	return c, err
}
