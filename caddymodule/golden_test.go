// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/gatehouse-sso/gatehouse/caddymodule"
	"github.com/google/go-cmp/cmp"
)

// A golden file is a Caddyfile, a line of hyphens, and what becomes of it: where
// the portal and the apps live, or the error. GATEHOUSE_UPDATE=1 writes what
// becomes of it into the file.
const divider = "\n----------\n"

// adapt turns a Caddyfile into a configuration.
func adapt(t testing.TB, text string) (*caddy.Config, error) {
	t.Helper()
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		t.Errorf("warning: %s", w.String())
	}
	return quiet(t, adapted), nil
}

// quiet returns an adapted configuration that touches nothing outside of the test.
func quiet(t testing.TB, adapted []byte) *caddy.Config {
	t.Helper()
	var config caddy.Config
	if err := json.Unmarshal(adapted, &config); err != nil {
		t.Fatal(err)
	}
	config.Admin = &caddy.AdminConfig{Disabled: true, Config: &caddy.ConfigSettings{Persist: new(bool)}}
	config.StorageRaw = caddyconfig.JSON(map[string]string{"module": "file_system", "root": t.TempDir()}, nil)
	config.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{
		"default": {BaseLog: caddy.BaseLog{WriterRaw: json.RawMessage(`{"output":"discard"}`)}},
	}}
	return &config
}

// provision returns the provisioned and validated app of a configuration.
func provision(config *caddy.Config) (*caddymodule.App, error) {
	ctx, err := caddy.ProvisionContext(config)
	if err != nil {
		return nil, err
	}
	app, err := ctx.AppIfConfigured("gatehouse")
	if err != nil {
		return nil, err
	}
	return app.(*caddymodule.App), nil
}

// outcome returns what becomes of a Caddyfile.
func outcome(t testing.TB, text string) string {
	config, err := adapt(t, text)
	if err != nil {
		return "adapt: " + err.Error() + "\n"
	}
	app, err := provision(config)
	if err != nil {
		return "load: " + withoutOrder(err.Error()) + "\n"
	}
	found, err := app.Map()
	if err != nil {
		return "start: " + err.Error() + "\n"
	}
	return found
}

// withoutOrder leaves out what led to the app. Caddy provisions apps in any order,
// and a gate that comes first makes it load the app that it belongs to.
func withoutOrder(text string) string {
	if i := strings.Index(text, "loading gatehouse app module"); i >= 0 {
		return text[i:]
	}
	return text
}

// A Caddyfile has one outcome: the apps where they are, or an error that names the
// app or the line, the wrong word, and what to write instead.
func TestCaddyfiles(t *testing.T) {
	t.Setenv("GATEHOUSE_TEST_SECRET", "a secret that is long enough for HS256")
	t.Setenv("GATEHOUSE_TEST_ADDRESS", "0.0.0.0:50051")
	files, err := filepath.Glob("testdata/*/*.caddyfiletest")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".caddyfiletest"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, want, _ := strings.Cut(string(data), divider)
			text += "\n"
			got := outcome(t, text)
			if os.Getenv("GATEHOUSE_UPDATE") != "" {
				if err := os.WriteFile(file, []byte(strings.TrimSuffix(text, "\n")+divider+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if formatted := string(caddyfile.Format([]byte(text))); formatted != text {
				t.Errorf("caddy fmt would change it:\n%s", cmp.Diff(text, formatted))
			}
		})
	}
}
