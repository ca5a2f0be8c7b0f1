// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// A short or wrong line of a Caddyfile is an error and never a panic (threat 35),
// and every error of ours names the place in the file.
func FuzzCaddyfile(f *testing.F) {
	for _, seed := range []string{
		"url", "url {", "allow group", `allow user "`, "deny any path /x method GET address ::1/128", "header user",
		"header user off", "assertion_lifetime 1d", "assertion_lifetime 9999999999999d", "csrf strict }", "session { idle", "{", "}", "{ }",
		"url https://[::1", "url https://\x00", "public /*\npublic /*", "group_separator ;", "store", "store bbolt", "store bbolt a b {",
		"keys {\nrotate 1d\n}", "portal https://login.example.com\nportal", "# nothing", "\\\n", "<<X\nurl\nX", "url `", "keep_authorization off on",
	} {
		f.Add(seed)
	}
	adapter := caddyconfig.GetAdapter("caddyfile")
	f.Fuzz(func(t *testing.T, block string) {
		if strings.Contains(block, "import") {
			t.Skip("reads files")
		}
		for _, text := range []string{
			"{\n\tgatehouse {\n\t\t" + block + "\n\t}\n}\n",
			"http://localhost {\n\tgatehouse wiki {\n\t\t" + block + "\n\t}\n}\n",
			"http://localhost {\n\tgatehouse " + block + "\n}\n",
			"http://localhost {\n\tgatehouse_portal " + block + "\n}\n",
		} {
			_, _, err := adapter.Adapt([]byte(text), map[string]any{"filename": "Caddyfile"})
			if err != nil && strings.Contains(err.Error(), "option \"") && !strings.Contains(err.Error(), "at Caddyfile:") {
				t.Errorf("an error without its place: %v", err)
			}
		}
	})
}
