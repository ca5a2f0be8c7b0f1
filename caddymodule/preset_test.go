// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/preset"
)

// gateOf adapts a gate with these lines in its block, and returns what `caddy adapt`
// shows of it.
func gateOf(t *testing.T, lines ...string) map[string]any {
	t.Helper()
	text := "{\n\tgatehouse {\n\t\tportal https://login.example.com\n\t}\n}\nlogin.example.com {\n\tgatehouse_portal\n}\n" +
		"app.example.com {\n\tgatehouse app {\n" + strings.Join(lines, "\n") + "\n\t}\n}\n"
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	var config any
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	gate := find(config)
	if gate == nil {
		t.Fatalf("no gate in %s", adapted)
	}
	delete(gate, "source")
	return gate
}

// find returns the first gate in a configuration.
func find(in any) map[string]any {
	switch v := in.(type) {
	case map[string]any:
		if v["handler"] == "gatehouse" {
			return v
		}
		for _, below := range v {
			if found := find(below); found != nil {
				return found
			}
		}
	case []any:
		for _, below := range v {
			if found := find(below); found != nil {
				return found
			}
		}
	}
	return nil
}

// A preset is what its lines are when they are written out: nothing of it is hidden
// from whoever looks at the adapted configuration. No secret is needed for that.
func TestAPresetIsItsLines(t *testing.T) {
	for _, p := range preset.All() {
		if diff := cmp.Diff(gateOf(t, p.Lines...), gateOf(t, "preset "+p.Name)); diff != "" {
			t.Errorf("%s: %s", p.Name, diff)
		}
	}
}

// What the block says counts, before the preset and behind it, and each option by
// itself; `off` empties one.
func TestTheBlockWinsOverThePreset(t *testing.T) {
	own := []string{"header user X-User", "header groups off", "logout_on /bye", "group_separator ;", "passive off"}
	want := []any{"header name X-Forwarded-DisplayName", "header email X-Forwarded-Mail"}
	var plain []string
	for _, line := range want {
		plain = append(plain, fmt.Sprint(line))
	}
	expected := gateOf(t, append(plain, own[:4]...)...)
	for _, lines := range [][]string{
		append([]string{"preset jenkins"}, own...),
		append(own[:len(own):len(own)], "preset jenkins"),
	} {
		if diff := cmp.Diff(expected, gateOf(t, lines...)); diff != "" {
			t.Error(diff)
		}
	}
}
