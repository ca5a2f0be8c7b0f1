// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Map locates everything as Start does, opens nothing, and returns a line for the
// portal and for each URL of each app.
func (a *App) Map() (string, error) {
	town, err := a.locate()
	if err != nil {
		return "", err
	}
	if a.Portal == "" {
		return "nothing to locate\n", nil
	}
	lines := []string{line("portal", town.portal)}
	for _, app := range town.apps {
		for _, p := range app.places {
			lines = append(lines, line("app "+app.name, p))
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

func line(what string, p place) string {
	if p.endsTLS {
		return fmt.Sprintf("%s at %s, TLS ends in Caddy", what, p.address)
	}
	return fmt.Sprintf("%s at %s", what, p.address)
}

// ParseAddress returns the canonical form of a public URL.
func ParseAddress(raw string) (string, error) {
	a, err := parseAddress(raw)
	return a.String(), err
}

// OpenHouses returns how many configurations live in the house at a place.
func OpenHouses(place string) int {
	n, _ := houses.References(place)
	return n
}

// SetAside renames files and returns their new names.
func SetAside(now time.Time, paths ...string) ([]string, error) { return setAside(now, paths...) }

// Blocks returns the names of all options of each kind of block, those of blocks
// inside it as well, by the function whose comment has their grammar.
func Blocks() map[string][]string {
	gate := new(Gate).options()
	gate["preset"] = presetOption(new(string))
	return map[string][]string{
		"parseGlobal":   new(App).options().names(),
		"parseGate":     gate.names(),
		"tokenServices": new(TokenService).options().names(),
	}
}

func (t table) names() []string {
	names := slices.Collect(maps.Keys(t))
	for _, o := range t {
		names = append(names, o.block.names()...)
	}
	slices.Sort(names)
	return names
}

// Owned adds what to do to an error that says "permission denied".
func Owned(path string, err error) error { return owned(path, err) }
