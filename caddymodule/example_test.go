// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"os"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/gatehouse-sso/gatehouse/examples/sample"
	"github.com/google/go-cmp/cmp"
)

// Caddyfile.example works as it is, and is as caddy fmt would write it.
func TestExample(t *testing.T) {
	data, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	want := `portal at http://login.localhost:8080
app tickets at http://tickets.localhost:8080
app wiki at http://wiki.localhost:8080
`
	if diff := cmp.Diff(want, outcome(t, string(data))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if formatted := caddyfile.Format(data); string(formatted) != string(data) {
		t.Errorf("caddy fmt would change it:\n%s", cmp.Diff(string(data), string(formatted)))
	}
}
