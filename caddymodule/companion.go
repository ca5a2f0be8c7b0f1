// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
)

// mostCompanions bounds the hosts that a browser passes through on its way to a page.
// Each takes three redirects, a sign-in five, five more where tabs that are opened at once
// were in each other's way, and browsers give up at twenty.
const mostCompanions = 3

// checkCompanions checks what apps say of each other.
func checkCompanions(apps []*located) error {
	for _, app := range apps {
		others := app.others(apps)
		for _, name := range app.gates[0].Companions {
			switch {
			case name == app.name:
				return app.wrap(fmt.Errorf("companions: %q is the app itself: remove it", name))
			case !slices.Contains(others, name):
				return app.wrap(fmt.Errorf("companions: %w", unknown("app", name, others)))
			}
		}
		if n := len(app.companions(apps)); n > mostCompanions {
			return app.wrap(fmt.Errorf("companions: they have %d hosts, and a browser can be led through %d before it gives up: keep those that pages call at once", n, mostCompanions))
		}
	}
	return nil
}

// others returns the names of all other apps.
func (app *located) others(apps []*located) []string {
	var names []string
	for _, other := range apps {
		if other != app {
			names = append(names, other.name)
		}
	}
	return names
}

// companions returns the hosts of the app's companions, in the order in which they are
// written, each once. A host that the app shares has its cookie already.
func (app *located) companions(apps []*located) handoff.Targets {
	var all handoff.Targets
	passed := func(origin string) bool {
		return slices.ContainsFunc(all, func(t handoff.Target) bool { return t.Origin() == origin }) ||
			slices.ContainsFunc(app.places, func(p place) bool { return p.origin() == origin })
	}
	for _, name := range app.gates[0].Companions {
		i := slices.IndexFunc(apps, func(other *located) bool { return other.name == name })
		if i < 0 {
			continue
		}
		for _, p := range apps[i].places {
			if !passed(p.origin()) {
				all = append(all, apps[i].target(p))
			}
		}
	}
	return all
}

// target returns one of the app's places as browsers are sent there.
func (app *located) target(p place) handoff.Target {
	return handoff.Target{App: app.name, Base: p.base()}
}
