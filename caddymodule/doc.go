// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package caddymodule makes Gatehouse a part of Caddy. It owns the configuration,
// in JSON and as a Caddyfile, finds out where each app lives, and keeps the store
// open from one configuration to the next. It leaves every decision about a person
// or a request to the packages below internal, which know nothing of Caddy.
//
// Importing the package registers
//
//   - the app `gatehouse` and the global option of that name,
//   - the handler `http.handlers.gatehouse` and the directive `gatehouse`: a gate,
//   - the handler `http.handlers.gatehouse_portal` and the directive `gatehouse_portal`,
//   - the store `gatehouse.stores.bbolt`,
//   - the command `caddy gatehouse`, and the admin API below `/gatehouse/`,
//     `admin.api.gatehouse`.
//
// What is decided is also told to Caddy's events, as `gatehouse.login` and so on.
package caddymodule
