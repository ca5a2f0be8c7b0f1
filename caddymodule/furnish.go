// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
)

// furnish makes the gates and the portal of this configuration, in the house that
// it has moved into.
func (a *App) furnish() error {
	house := a.tenancy.house
	apps, err := a.apps()
	if err != nil {
		return err
	}
	ring, err := house.Ring(a.ctx, a.schedule(), algorithmsOf(apps)...)
	if err != nil {
		return fmt.Errorf("gatehouse: signing keys: %w", err)
	}
	if err := show(house.metrics, a.ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("gatehouse: metrics: %w", err)
	}
	sink, err := a.sink()
	if err != nil {
		return err
	}
	limits := a.limits()
	a.portal = &portal.Portal{
		Origin:   a.town.portal.origin(),
		Source:   house.Users,
		Known:    house.Knows,
		Throttle: house.Throttle,
		Live:     house.Live,
		Sessions: house.Sessions,
		Codes:    house.Codes,
		Limits:   limits,
		Vouchers: a.town.vouchers,
		Arrivals: house.Arrivals,
		PerUser:  a.Session.PerUser.bound(),
		Tokens:   house.AccessTokens,
		Users:    house.Users,
		Setup:    &portal.Setup{Store: house.Live, Users: house.Users},
		Keys:     ring,
		Seal:     house.Seal,
		Healthy:  house.Healthy,
		Audit:    sink,
	}
	for i, app := range apps {
		for _, g := range a.town.apps[i].gates {
			core := &gate.Gate{
				App:      app,
				Portal:   a.portal.Origin,
				Live:     house.Live,
				Sessions: house.Sessions,
				Codes:    house.Codes,
				Forms:    house.Forms,
				Tokens:   house.AccessTokens,
				Throttle: house.Throttle,
				Keys:     ring,
				Limits:   limits,
				Vouchers: a.town.vouchers,
				Audit:    sink,
				Tagger:   appcookie.NewTagger(house.Seal.Derive("app cookies")),

				MaxHeader: maxHeader,
			}
			core.Prepare()
			g.walk = &walk{gate: core, metrics: house.metrics.app(app.Name), requests: a.requests}
		}
		a.portal.Apps = append(a.portal.Apps, portal.App{
			Name:       app.Name,
			Target:     app.Targets[0],
			Policy:     app.Policy,
			Tokens:     app.Tokens,
			Companions: a.town.apps[i].companions(a.town.apps),
		})
		a.portal.Targets = append(a.portal.Targets, app.Targets...)
	}
	a.portal.Prepare()
	if err := a.tellOfLogouts(apps, ring, sink); err != nil {
		return err
	}
	a.operator = a.newOperator(apps, ring, sink)
	if a.Portal == "" {
		return nil
	}
	a.operator.origin, a.operator.keyReaders = a.portal.Origin, a.portal.KeyReaders.All
	return a.offerSetup(context.WithoutCancel(a.ctx))
}

// apps returns the apps of this configuration as their gates see them, in the
// order of the town.
func (a *App) apps() ([]*gate.App, error) {
	var apps []*gate.App
	for _, located := range a.town.apps {
		app, err := located.app()
		if err != nil {
			return nil, located.wrap(err)
		}
		apps = append(apps, app)
	}
	return apps, nil
}

// app returns what the gates of an app have in common.
func (l *located) app() (*gate.App, error) {
	settings := l.gates[0]
	rules, err := policy.Compile(settings.Rules)
	if err != nil {
		return nil, err
	}
	algorithm, err := keyring.ParseAlgorithm(settings.Assertion.Algorithm)
	if err != nil {
		return nil, err
	}
	passive, err := policy.CompilePaths(settings.Passive...)
	if err != nil {
		return nil, err
	}
	logoutOn, err := settings.logoutAddresses()
	if err != nil {
		return nil, err
	}
	naming, err := settings.naming()
	if err != nil {
		return nil, err
	}
	credentials, err := settings.credentials()
	if err != nil {
		return nil, err
	}
	embedders, err := settings.embedders()
	if err != nil {
		return nil, err
	}
	names := settings.Headers.resolve()
	app := &gate.App{
		Name:   l.name,
		Policy: rules,
		Naming: naming,
		Headers: gate.Headers{
			JWT:       names.JWT,
			User:      names.User,
			Name:      names.Name,
			Email:     names.Email,
			Groups:    names.Groups,
			Expires:   names.SessionExpires,
			Separator: settings.GroupSeparator,
			Encoding:  gate.Encoding(settings.Encode),
		},
		Credentials:       credentials,
		PHPRunner:         settings.phpRunner(),
		Strip:             settings.Strip,
		Signer:            keyring.Signer{Algorithm: algorithm, Secret: []byte(settings.Assertion.Secret)},
		Lifetime:          time.Duration(settings.Assertion.Lifetime),
		Embedders:         embedders,
		StrictOrigin:      settings.CSRF == "strict",
		KeepAuthorization: settings.KeepAuthorization,
		PassPreflight:     settings.Preflight == "pass",
		Passive:           passive,
		StreamsActive:     settings.Streams == "active",
		Tokens:            settings.Tokens == "on",
		KeepPosts:         settings.KeepPosts != "off",
		SharedCookies:     settings.Cookies == "shared",
		LogoutOn:          logoutOn,
		Response: gate.ResponseFilter{
			AllowCookieDomain:  settings.AllowCookieDomain,
			AllowClearSiteData: settings.AllowClearSiteData,
			NoTokens:           len(settings.PHPRunnerKeys) > 0,
		},
		Redirects: !slices.ContainsFunc(l.places, func(p place) bool { return !p.endsTLS }),
	}
	var addresses []*url.URL
	for _, p := range l.places {
		addresses = append(addresses, p.base())
		app.Targets = append(app.Targets, l.target(p))
	}
	app.Origins = gate.NewOrigins(addresses...)
	return app, nil
}

// logoutAddresses returns the addresses of the option `logout_on`.
func (g *Gate) logoutAddresses() ([]gate.LogoutAddress, error) {
	var all []gate.LogoutAddress
	for _, text := range g.LogoutOn {
		address, err := gate.ParseLogoutAddress(text)
		if err != nil {
			return nil, err
		}
		all = append(all, address)
	}
	return all, nil
}

// algorithmsOf returns what the apps sign with, each once.
func algorithmsOf(apps []*gate.App) []keyring.Algorithm {
	var all []keyring.Algorithm
	for _, app := range apps {
		if !slices.Contains(all, app.Signer.Algorithm) {
			all = append(all, app.Signer.Algorithm)
		}
	}
	return all
}

// sink returns where audit events go: the log, the metrics and Caddy's events.
func (a *App) sink() (audit.Sink, error) {
	events, err := newEvents(a.ctx)
	if err != nil {
		return nil, err
	}
	return audit.Tee(audit.Log(a.logger.Named("audit")), a.tenancy.house.metrics, a.tenancy.house.refusals, events), nil
}
