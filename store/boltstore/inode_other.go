// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package boltstore

func inodeOf(string) (inode uint64, ok bool) { return 0, false }
