// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Command caddy is Caddy with the Gatehouse module compiled in. It has every
// command and option of Caddy, and `caddy gatehouse` besides. For Caddyfile.example
// it also has the two sample apps, which serve this machine only.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/gatehouse-sso/gatehouse"
	_ "github.com/gatehouse-sso/gatehouse/examples/sample"
)

func main() { caddycmd.Main() }
