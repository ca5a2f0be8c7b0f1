// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/doctor"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
)

// operator is what an operator reaches in one configuration: over the admin
// endpoint while Caddy runs, in the process of a command while it does not.
type operator struct {
	*admin.Admin
	house *tenant
	// place names the store, as StoreOpener does.
	place string
	// tokens returns what is served of a namespace of tokens.
	tokens func(namespace string) (*tokenservice.Service, error)
	// origin is the portal's, empty where there is none, and where no Caddy runs
	// that could answer there.
	origin string
	// apps tells what the doctor has to know of the apps.
	apps func() ([]doctor.App, error)
	// keyReaders tells who has fetched the keys, where there is a portal that runs.
	keyReaders func() []portal.KeyReader
}

// newOperator is called once this configuration has moved into its house.
func (a *App) newOperator(apps []*gate.App, ring *keyring.Ring, sink audit.Sink) *operator {
	house := a.tenancy.house
	o := &operator{
		Admin: &admin.Admin{
			Users:    house.Users,
			Throttle: house.Throttle,
			Tokens:   house.AccessTokens,
			Keys:     ring,
			Live:     house.Live,
			Scrub:    house.Scrub,
			Limits:   a.limits(),
			Audit:    sink,
		},
		house:  house,
		place:  a.tenancy.place,
		tokens: a.tokensOf,
	}
	if a.town != nil {
		o.Way = a.town.way
		o.apps = a.town.facts
	}
	for _, app := range apps {
		o.Apps = append(o.Apps, admin.App{Name: app.Name, Targets: app.Targets, Policy: app.Policy, CanTell: app.CanTell})
	}
	return o
}

// limits returns how long sessions live in this configuration.
func (a *App) limits() session.Limits {
	return session.Limits{
		Idle:     time.Duration(a.Session.Idle),
		Lifetime: time.Duration(a.Session.Lifetime),
		Remember: time.Duration(a.Session.Remember),
	}
}

// schedule returns how long keys live in this configuration.
func (a *App) schedule() keyring.Schedule {
	return keyring.Schedule{Rotate: time.Duration(a.Keys.Rotate)}
}

// openOffline opens the store of a configuration that was provisioned and is not
// going to run. With places, it also finds out where the apps are, for which the
// configuration has to be a whole one.
func (a *App) openOffline(places bool) (*operator, error) {
	var apps []*gate.App
	if places {
		var err error
		if a.town, err = a.locate(); err != nil {
			return nil, err
		}
		if apps, err = a.apps(); err != nil {
			return nil, err
		}
	}
	if err := a.tenancy.begin(a.ctx, a.opener); err != nil {
		return nil, err
	}
	ring, err := keyring.Open(a.ctx, a.tenancy.house.Live, a.schedule(), zap.NewNop())
	if err != nil {
		return nil, err
	}
	return a.newOperator(apps, ring, audit.Log(a.logger.Named("audit"))), nil
}

// setup returns what makes the link for the first account.
func (o *operator) setup() *portal.Setup {
	return &portal.Setup{Store: o.house.Live, Users: o.house.Users}
}
