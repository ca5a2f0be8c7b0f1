// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

// Facts is facts, for tests of what no whole request shows.
var Facts = facts

// Covers is covers, for the fuzz target.
func (a *LogoutAddress) Covers(path, query string) bool { return a.covers(path, query) }
