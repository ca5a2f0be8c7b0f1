// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// heldBy says in words who holds the lock of a file, as far as can be known.
func heldBy(path string) string {
	pid := lockHolder(path)
	switch {
	case pid == 0:
		return "held by another process (`lsof` or `fuser` with this path shows which)"
	case pid == os.Getpid():
		return "already open in this process"
	}
	name, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return fmt.Sprintf("held by process %d", pid)
	}
	return fmt.Sprintf("held by process %d (%q)", pid, strings.TrimSpace(string(name)))
}

// lockHolder returns the process that holds the lock of a file, or 0. Only Linux
// tells.
func lockHolder(path string) int {
	inode, ok := inodeOf(path)
	if !ok {
		return 0
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	return parseLocks(string(locks), inode)
}

// parseLocks finds the process with a flock on an inode in the text of
// /proc/locks (proc_locks(5)), whose lines look like
//
//	1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF
//
// The device is not compared: some file systems show another one there than stat
// does, and this is a hint for people.
func parseLocks(locks string, inode uint64) (pid int) {
	for line := range strings.Lines(locks) {
		f := strings.Fields(line)
		if len(f) < 6 || f[1] != "FLOCK" || !strings.HasSuffix(f[5], fmt.Sprintf(":%d", inode)) {
			continue
		}
		if pid, err := strconv.Atoi(f[4]); err == nil && pid > 0 {
			return pid
		}
	}
	return 0
}
