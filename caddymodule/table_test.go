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
		"embed_in", "embed_in https://", "embed_in https://a.example/x https://a.example", "embed_in 'self' *", "embed_in {env.NONE} {",
		"accept_tokens", "accept_tokens user", "accept_tokens user app", "accept_tokens app group user app", "accept_tokens group g app a a",
		"phprunner_key", "phprunner_key \"\"", "phprunner_key a b c", "companions", "companions wiki wiki", "companions \x00", "own_auth", "own_auth x /dav/*/*",
		"preflight", "preflight pass pass", "preflight on {", "passive off /x", "streams", "keep_posts", "tokens on off", "cookies", "cookies shared shared",
		"logout_on", "logout_on /x?", "logout_on off /x", "backchannel_logout", "backchannel_logout https://u:p@[::1", "basic_auth a", "basic_auth a b group",
		"preset", "preset nothing\npreset", "user_as attr:", "send_groups off *", "encode", "strip off X", "header session_expires",
		"session {\nper_user\n}", "session {\nper_user 1 2 3\n}", "session {\nremember 0\n}", "token_service", "token_service {\n}", "token_service :0 {\npeer_uid x\nsecret\n}",
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
