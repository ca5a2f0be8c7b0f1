// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package preset knows, as data, what apps that many people run need of their gate:
// the headers they read, where their logout button leads, what their pages ask for by
// themselves, and what a client must not send. It knows nothing of configuration
// files but the words of a gate's options; what these mean is the reader's.
package preset

import "strings"

// Preset is what one app needs.
type Preset struct {
	// Name is the word by which a gate asks for it. Its page is docs/apps/NAME.md.
	Name string
	// Lines are options of a gate as one would write them, none of them twice.
	Lines []string
}

// Options returns the lines in words: the name of an option and what follows it.
func (p Preset) Options() [][]string {
	options := make([][]string, len(p.Lines))
	for i, line := range p.Lines {
		options[i] = strings.Fields(line)
	}
	return options
}

// Find returns the preset of that name.
func Find(name string) (p Preset, ok bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Preset{}, false
}

// Names returns the names of all presets, sorted.
func Names() []string {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
	}
	return names
}
