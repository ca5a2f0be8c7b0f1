// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
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
	a.portal = a.newPortal(apps, ring, sink)
	for i, app := range apps {
		for _, g := range a.town.apps[i].gates {
			core := a.newGate(app, ring, sink)
			g.walk = &walk{gate: core, metrics: house.metrics.app(app.Name), requests: a.requests}
		}
	}
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

// newPortal makes the portal, which knows all apps.
func (a *App) newPortal(apps []*gate.App, ring *keyring.Ring, sink audit.Sink) *portal.Portal {
	house := a.tenancy.house
	p := &portal.Portal{
		Origin:   a.town.portal.origin(),
		Source:   house.Users,
		Known:    house.Knows,
		Throttle: house.Throttle,
		Live:     house.Live,
		Sessions: house.Sessions,
		Codes:    house.Codes,
		Limits:   a.limits(),
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
		p.Apps = append(p.Apps, portal.App{
			Name:       app.Name,
			Target:     app.Targets[0],
			Policy:     app.Policy,
			Tokens:     app.Tokens,
			Companions: a.town.apps[i].companions(a.town.apps),
		})
		p.Targets = append(p.Targets, app.Targets...)
	}
	p.Prepare()
	return p
}

// newGate makes a gate of an app.
func (a *App) newGate(app *gate.App, ring *keyring.Ring, sink audit.Sink) *gate.Gate {
	house := a.tenancy.house
	core := &gate.Gate{
		App:       app,
		Portal:    a.town.portal.origin(),
		Live:      house.Live,
		Sessions:  house.Sessions,
		Codes:     house.Codes,
		Forms:     house.Forms,
		Tokens:    house.AccessTokens,
		Throttle:  house.Throttle,
		Keys:      ring,
		Limits:    a.limits(),
		Vouchers:  a.town.vouchers,
		Audit:     sink,
		Tagger:    appcookie.NewTagger(house.Seal.Derive("app cookies")),
		MaxHeader: maxHeader,
		Denied:    placeholders,
	}
	core.Prepare()
	return core
}

// sink returns where audit events go: the log, the metrics and Caddy's events.
func (a *App) sink() (audit.Sink, error) {
	events, err := newEvents(a.ctx)
	if err != nil {
		return nil, err
	}
	return audit.Tee(audit.Log(a.logger.Named("audit")), a.tenancy.house.metrics, a.tenancy.house.refusals, events), nil
}
