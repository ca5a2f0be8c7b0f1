// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build race

package boltstore_test

// raceDetector reports whether this is ten times slower.
const raceDetector = true
