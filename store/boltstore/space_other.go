// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !(linux || darwin || freebsd)

package boltstore

// diskSpace is not known here: a full disk shows when a write fails.
func diskSpace(string) (available int64, known bool) { return 0, false }
