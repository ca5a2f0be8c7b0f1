// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package gatehouse is a login gateway for legacy web apps, as a plugin of Caddy.
// People sign in once at a portal; every app behind a gate learns who they are
// from a short-lived signed JWT and plain headers; one logout ends it everywhere.
//
// Importing the package adds Gatehouse to a Caddy:
//
//	xcaddy build --with github.com/gatehouse-sso/gatehouse
//
// It holds no code of its own. Package caddymodule is the plugin and documents its
// configuration; packages store and identity are the contracts for those who want
// to keep the state, or to get their users, elsewhere.
package gatehouse

import _ "github.com/gatehouse-sso/gatehouse/caddymodule" // registers the modules
