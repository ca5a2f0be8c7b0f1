// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !(linux || darwin || freebsd)

package caddymodule

import "github.com/gatehouse-sso/gatehouse/internal/doctor"

// disk tells of the file system that a file is on; here that is not known.
func disk(string) *doctor.Disk { return nil }
