// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/backchannel"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// parseBackchannel reads the address at which an app is told of logouts (OpenID
// Connect Back-Channel Logout 1.0, section 2.2: absolute, a query if need be, no
// fragment).
func parseBackchannel(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not an absolute URL: write scheme, host and path, such as https://wiki.example.com/backchannel-logout", raw)
	}
	if u.User != nil || strings.Contains(raw, "#") {
		return nil, fmt.Errorf("%q has more than scheme, host, port, path and query: remove the rest", u.Redacted())
	}
	if _, err := canonicalHost(u.Hostname()); err != nil {
		return nil, fmt.Errorf("%q: %w", raw, err)
	}
	return u, nil
}

// checkBackchannel checks the address in a Caddyfile.
func checkBackchannel(raw string) error { return unlessPlaceholder(raw, parseBackchannel) }

// checkTold refuses plain http where somebody could listen: whoever knows a
// logout token learns who was signed in. A name below localhost is this machine for
// browsers, but not for every resolver.
func (l *locator) checkTold(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := parseBackchannel(raw)
	if err != nil || u.Scheme == "https" || l.insecure {
		return err
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err == nil && ip.IsLoopback() || u.Hostname() == "localhost" {
		return nil
	}
	return fmt.Errorf("backchannel_logout %s is plain http, and not on loopback: whoever listens on the way learns who signs out. "+
		"Use https; or the app's address on this machine, such as http://127.0.0.1:8081%s; or write insecure_http into the global option gatehouse", raw, u.EscapedPath())
}

// tellOfLogouts lets the house know which apps are told of sessions that end, and
// where, for as long as this configuration runs.
func (a *App) tellOfLogouts(apps []*gate.App, ring *keyring.Ring, sink audit.Sink) error {
	config := backchannel.Config{Issuer: a.portal.Origin, Keys: ring, Audit: sink}
	for i, app := range apps {
		told := backchannel.App{Name: app.Name, URL: a.town.apps[i].gates[0].BackchannelLogout, Signer: app.Signer}
		if told.URL == "" {
			continue
		}
		for _, target := range app.Targets {
			told.Origins = append(told.Origins, target.Origin())
		}
		config.Apps = append(config.Apps, told)
	}
	return a.tenancy.house.Backchannel.Use(a.ctx, config)
}
