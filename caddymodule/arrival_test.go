// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// Threat 7: what only a load balancer may say about a request reaches the app from
// one of Caddy's trusted proxies, and from nobody else.
func TestForwardedReachesTheAppFromTrustedProxiesOnly(t *testing.T) {
	p := port(t)
	text := strings.ReplaceAll(gateway(p, "store bbolt "+filepath.Join(folder(t), "gatehouse.db"), "public /open"),
		`"the app, for {http.auth.user.id}"`, `"{header.X-Real-Ip}|{header.Forwarded}"`)
	t.Cleanup(func() { caddy.Stop() })
	for servers, want := range map[string]string{
		"": "|",
		"servers {\ntrusted_proxies static 192.0.2.0/24\n}": "|",
		"servers {\ntrusted_proxies static 127.0.0.1/32\n}": "10.0.0.1|for=10.0.0.1",
	} {
		if err := caddy.Run(config(t, "{\n"+servers+strings.TrimPrefix(text, "{"))); err != nil {
			t.Fatal(err)
		}
		_, got := ask(t, p, "wiki.localhost", "/open", "X-Real-Ip: 10.0.0.1", "Forwarded: for=10.0.0.1")
		if got != want {
			t.Errorf("%q: the app sees %q, want %q", servers, got, want)
		}
	}
}
