// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"errors"
	"math"
	"os"
	"runtime"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// file is an open bbolt file.
type file struct {
	db       *bbolt.DB
	info     os.FileInfo // to notice when another file takes its place
	pageSize int
	reserved int // address space that was asked for when it was opened
}

// reservation is how much address space is reserved for a file at once. Moving to
// a larger map waits for every reader. It is neither memory nor disk, except on
// Windows, where it is the size of the file. Where the system does not grant it
// leastReserved is asked for.
const (
	reservation   = 16 << 30 & math.MaxInt
	leastReserved = 256 << 20
)

// canReserve reports whether this machine has address space to spare.
func canReserve() bool { return runtime.GOOS != "windows" && math.MaxInt > math.MaxInt32 }

// shared reports whether readers may share a snapshot of this file. Below two steps
// of growth bbolt compares something else with MaxSize (see limit).
func (f *file) shared() bool { return f.reserved >= 2*growth }

// limit lets a transaction fail with tooLarge that would have to move the map. It
// would wait for all readers to go, and the one that holds the snapshot open is
// the writer itself. bbolt moves the map when the file's end comes to the end of
// the map, and compares with MaxSize, before that, the end plus AllocSize.
func (f *file) limit(used int64) {
	mapped := mapSize(max(int64(f.reserved), used))
	f.db.MaxSize = int(mapped) + f.db.AllocSize - 1
}

func (f *file) unlimit() { f.db.MaxSize = 0 }

func tooLarge(err error) bool { return errors.Is(err, bolterrors.ErrMaxSizeReached) }

// mapSize is how much bbolt maps for a file of size bytes, at least: a power of
// two up to 1 GB, then whole gigabytes.
func mapSize(size int64) int64 {
	const step = 1 << 30
	for mapped := int64(1 << 15); mapped <= step; mapped <<= 1 {
		if size <= mapped {
			return mapped
		}
	}
	return (size + step - 1) / step * step
}

// free returns how many bytes of the file hold nothing.
func (f *file) free() int64 {
	pages := f.db.Stats()
	return int64(pages.FreePageN+pages.PendingPageN) * int64(f.pageSize)
}
