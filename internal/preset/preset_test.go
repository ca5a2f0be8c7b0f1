// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package preset_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/preset"
)

// TestEachPresetIsInOrder: names are sorted, and no line is there twice.
func TestEachPresetIsInOrder(t *testing.T) {
	if names := preset.Names(); !slices.IsSorted(names) || len(slices.Compact(names)) != len(preset.All()) {
		t.Errorf("%q are not sorted, or one is there twice", names)
	}
	for _, p := range preset.All() {
		lines := slices.Clone(p.Lines)
		slices.Sort(lines)
		if len(lines) == 0 || len(slices.Compact(lines)) != len(p.Lines) {
			t.Errorf("%s has no line, or one twice", p.Name)
		}
		for i, words := range p.Options() {
			if strings.Join(words, " ") != p.Lines[i] {
				t.Errorf("%s: %q is not plain words", p.Name, p.Lines[i])
			}
		}
		if found, ok := preset.Find(p.Name); !ok || found.Name != p.Name {
			t.Errorf("%s is not found", p.Name)
		}
	}
	if _, ok := preset.Find("Grafana"); ok {
		t.Error("upper case does not count")
	}
}

// TestEachPresetHasItsPage, which shows every line of it and says what happens at
// logout; and no page is about a preset that is not there.
func TestEachPresetHasItsPage(t *testing.T) {
	pages, err := filepath.Glob("../../docs/apps/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		if _, ok := preset.Find(name); !ok && name != "README" {
			t.Errorf("%s is about no preset", page)
		}
	}
	for _, p := range preset.All() {
		page, err := os.ReadFile(filepath.Join("../../docs/apps", p.Name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		text := string(page)
		for _, line := range p.Lines {
			if !strings.Contains(text, "\n"+line+"\n") && !strings.Contains(text, "\n\t"+line+"\n") {
				t.Errorf("docs/apps/%s.md does not show %q", p.Name, line)
			}
		}
		for _, part := range []string{"preset " + p.Name + "\n", "## At the gateway", "## In the app", "## How to see that it works", "## Signing out"} {
			if !strings.Contains(text, part) {
				t.Errorf("docs/apps/%s.md lacks %q", p.Name, strings.TrimSpace(part))
			}
		}
	}
}
