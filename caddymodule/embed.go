// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// parseEmbedder reads the origin of pages that may show an app in a frame.
func parseEmbedder(raw string) (address, error) {
	a, err := parseAddress(raw)
	switch {
	case err != nil:
		return a, err
	case a.path != "":
		return a, fmt.Errorf("%q has a path: browsers compare origins, write %s", raw, a.origin())
	case a.scheme != "https" && !isLocal(a.host):
		return a, fmt.Errorf("%q is plain http, where anybody on the way can put the app into a page: write https", raw)
	}
	return a, nil
}

func checkEmbedder(raw string) error { return unlessPlaceholder(raw, parseEmbedder) }

// embedders returns the origins of the option `embed_in`, each once and in order.
func (g *Gate) embedders() (gate.Embedders, error) {
	var origins gate.Embedders
	for _, raw := range g.EmbedIn {
		a, err := parseEmbedder(raw)
		if err != nil {
			return nil, fmt.Errorf("embed_in: %w", err)
		}
		origins = append(origins, a.origin())
	}
	slices.Sort(origins)
	return slices.Compact(origins), nil
}

// checkEmbedded checks where an app may be embedded. Its cookies are its host's, and so
// are those of every other app there.
func checkEmbedded(apps []*located) error {
	hosts := map[string]*located{}
	for _, app := range apps {
		mine, err := app.gates[0].embedders()
		if err != nil {
			return app.wrap(err)
		}
		for _, p := range app.places {
			if len(mine) > 0 && p.scheme != "https" {
				return app.wrap(fmt.Errorf("embed_in: %s is plain http, and browsers keep no cookie in a frame without https: serve it with https, or remove embed_in", p.address))
			}
			other, ok := hosts[p.host]
			if !ok {
				hosts[p.host] = app
				continue
			}
			if theirs, err := other.gates[0].embedders(); err != nil || !slices.Equal(mine, theirs) {
				return app.wrap(fmt.Errorf("embed_in: %s shares its host and its cookies, and says something else: write the same embed_in into both, or give one of them a host of its own", other.title()))
			}
		}
	}
	return nil
}
