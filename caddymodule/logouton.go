// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// checkLogoutOn checks one address of the option `logout_on`.
func checkLogoutOn(address string) error {
	_, err := gate.ParseLogoutAddress(address)
	return err
}

// logoutAddresses returns the addresses of the option `logout_on`.
func (g *Gate) logoutAddresses() ([]gate.LogoutAddress, error) {
	var all []gate.LogoutAddress
	for _, text := range g.LogoutOn {
		address, err := gate.ParseLogoutAddress(text)
		if err != nil {
			return nil, fmt.Errorf("logout_on: %w", err)
		}
		all = append(all, address)
	}
	return all, nil
}
