// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// located is an app, and where it lives.
type located struct {
	name   string
	places []place
	// gates are the gates of this name. Their settings are equal.
	gates []*Gate

	finds []find
}

// join adds a gate of the same name.
func (app *located) join(other *located) error {
	if same, err := app.gates[0].sameSettings(other.gates[0]); err != nil || !same {
		return errors.Join(err, fmt.Errorf("another gate%s has this name and different settings: give one of them another name, or put the gate into a snippet and import it in both sites", written(other.gates[0].Source)))
	}
	// Two apps of one name would each take the other's assertions for its own.
	if !slices.Equal(app.hostnames(), other.hostnames()) {
		return fmt.Errorf("%s and %s%s both have this name: give one of them another, gatehouse NAME; or, when both are one app, write all its hosts into one site, or the same url %s %s into both gates",
			app.places[0].address, other.places[0].address, written(other.gates[0].Source), app.places[0].address, other.places[0].address)
	}
	for _, p := range other.places {
		app.add(p)
	}
	app.gates = append(app.gates, other.gates...)
	app.finds = append(app.finds, other.finds...)
	return nil
}

func (app *located) add(p place) {
	if !slices.Contains(app.places, p) {
		app.places = append(app.places, p)
	}
}

// title names the app in an error, and where its first gate is written.
func (app *located) title() string {
	return fmt.Sprintf("app %q%s", app.name, written(app.gates[0].Source))
}

// wrap says which app an error is about.
func (app *located) wrap(err error) error { return fmt.Errorf("gatehouse: %s: %w", app.title(), err) }

// hostnames returns the hosts of the app, sorted.
func (app *located) hostnames() []string {
	var names []string
	for _, p := range app.places {
		names = append(names, p.host)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// owns reports whether a handler is a gate of the app.
func (app *located) owns(handler caddyhttp.MiddlewareHandler) bool {
	gate, ok := handler.(*Gate)
	return ok && slices.Contains(app.gates, gate)
}
