// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin || freebsd

package caddymodule

import (
	"path/filepath"
	"syscall"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

// disk tells of the file system that a file is on, nil when that is not known.
func disk(file string) *doctor.Disk {
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(file), &s); err != nil || s.Bsize <= 0 {
		return nil
	}
	block := uint64(s.Bsize) //nolint:gosec // looked at above
	// What is free for root alone is of no use; FreeBSD counts that below nothing.
	return &doctor.Disk{Total: uint64(s.Blocks) * block, Free: uint64(max(int64(s.Bavail), 0)) * block} //nolint:gosec // likewise
}
