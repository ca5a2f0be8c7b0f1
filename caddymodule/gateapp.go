// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"net/url"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

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
	c, err := settings.compile()
	if err != nil {
		return nil, err
	}
	algorithm, err := keyring.ParseAlgorithm(settings.Assertion.Algorithm)
	if err != nil {
		return nil, err
	}
	app := &gate.App{
		Name:              l.name,
		Policy:            c.rules,
		Naming:            c.naming,
		Headers:           settings.headers(),
		Credentials:       c.credentials,
		PHPRunner:         settings.phpRunner(),
		Strip:             settings.Strip,
		Signer:            keyring.Signer{Algorithm: algorithm, Secret: []byte(settings.Assertion.Secret)},
		Lifetime:          time.Duration(settings.Assertion.Lifetime),
		Embedders:         c.embedders,
		StrictOrigin:      settings.CSRF == "strict",
		KeepAuthorization: settings.KeepAuthorization,
		PassPreflight:     settings.Preflight == "pass",
		Passive:           c.passive,
		StreamsActive:     settings.Streams == "active",
		Tokens:            settings.Tokens == "on",
		KeepPosts:         settings.KeepPosts != "off",
		SharedCookies:     settings.Cookies == "shared",
		LogoutOn:          c.logoutOn,
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
