// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"maps"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/gatehouse-sso/gatehouse/internal/preset"
)

// read reads the block of a gate. What a preset says is plain options, which count
// where the block does not say otherwise, before the line or behind it.
func (g *Gate) read(d *caddyfile.Dispenser) error {
	var name string
	options := g.options()
	noted := options.noting()
	options["preset"] = presetOption(&name)
	if err := options.read(d); err != nil || name == "" {
		return err
	}
	p, _ := preset.Find(name)
	return options.expand(p, noted)
}

// presetOption is the option `preset NAME`.
func presetOption(target *string) option {
	return text(target, "NAME", func(name string) error {
		if _, ok := preset.Find(name); !ok {
			return unknown("preset", name, preset.Names())
		}
		return nil
	})
}

// settings are the options that a block has set, by key.
type settings map[string]bool

// key names what an option sets: the headers are set one by one.
func key(name string, words []string) string {
	if name == "header" && len(words) > 0 {
		return name + " " + words[0]
	}
	return name
}

// noting makes the table note what is written.
func (t table) noting() settings {
	noted := settings{}
	for name, o := range t {
		take := o.words
		if take == nil {
			continue
		}
		o.words = func(words []string) error {
			noted[key(name, words)] = true
			return take(words)
		}
		t[name] = o
	}
	return noted
}

// expand adds the options of a preset that are not written.
func (t table) expand(p preset.Preset, noted settings) error {
	block := maps.Clone(noted) // what is added here is noted as well
	for _, words := range p.Options() {
		name, words := words[0], words[1:]
		if block[key(name, words)] {
			continue
		}
		o := t[name]
		if o.words == nil {
			return fmt.Errorf("preset %s: there is no option %q", p.Name, name)
		}
		if err := o.words(words); err != nil {
			return fmt.Errorf("preset %s: option %q: %w", p.Name, name, err)
		}
	}
	return nil
}
