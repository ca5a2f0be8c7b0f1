// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"net/url"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
)

// way follows a request that somebody asks about to the gate that would see it,
// through whatever rewrites its path on the way. An app may be served by several
// servers; the first whose routes lead to a gate counts, as it does in reach.
func (t *town) way(asked admin.Way, q admin.Question) (admin.Way, error) {
	u, err := url.Parse(q.URL)
	if err != nil {
		return asked, err
	}
	e := errand{path: asked.Path, method: q.Method, client: q.Address}
	if u.RawQuery != "" {
		e.path += "?" + u.RawQuery
	}
	asked.Obstacle = "no route leads there"
	app := t.app(asked.App)
	e.to = app.origin(u)
	for _, f := range app.finds {
		for _, e.overTLS = range t.guide.arrivals(f.server, e.to) {
			p, err := follow(f.server, e)
			if err != nil {
				return asked, err
			}
			if p.answered != "" {
				asked.Obstacle = fmt.Sprintf("%q answers it first", p.answered)
			}
			if owner := t.owner(p); owner != nil {
				return admin.Way{App: owner.name, Path: p.path}, nil
			}
		}
	}
	return asked, nil
}

// app returns the app of a name that is known to be there.
func (t *town) app(name string) *located {
	for _, app := range t.apps {
		if app.name == name {
			return app
		}
	}
	return nil
}

// owner returns the app whose gate the probe has come to, or nil.
func (t *town) owner(p *probe) *located {
	for _, app := range t.apps {
		if app.owns(p.reached) {
			return app
		}
	}
	return nil
}

// origin returns the place of the app that a URL is at, without path.
func (app *located) origin(u *url.URL) address {
	to, err := parseAddress(u.Scheme + "://" + u.Host)
	if err != nil {
		to = app.places[0].address
	}
	to.path = ""
	return to
}
