// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package tokenpb is the protocol of the token service in Go: what token.proto
// says, and nothing else. It is made by `go generate`, with the plugins that go.mod
// names as tools and without protoc. What the messages mean belongs to package
// tokenservice.
package tokenpb

//go:generate go run ./generate ../../..
