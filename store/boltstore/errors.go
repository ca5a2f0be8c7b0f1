// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/gatehouse-sso/gatehouse/store"
	bolterrors "go.etcd.io/bbolt/errors"
)

func errClosed() error { return fmt.Errorf("%w: closed", store.ErrUnavailable) }

// catch guards what reads the file through memory. bbolt trusts its pages: one
// that rots while the file is open makes it panic, and a file that shrinks makes
// the memory behind it fault. Neither may take the server down. Use it as
// `defer s.catch(&err, debug.SetPanicOnFault(true))`: the setting is of this
// goroutine only, and before is what it was.
func (s *Store) catch(err *error, before bool) {
	debug.SetPanicOnFault(before)
	if p := recover(); p != nil {
		*err = corrupt(s.path, fmt.Errorf("reading it failed: %v", p))
	}
}

// explain turns an error of bbolt or the system into one of the contract.
func (s *Store) explain(err error) error {
	switch {
	case err == nil, errors.Is(err, store.ErrCorrupt):
		return err
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return errClosed()
	case isFull(err):
		return fmt.Errorf("%w: store file %s: %w", store.ErrFull, s.path, err)
	default:
		return fmt.Errorf("%w: store file %s: %w", store.ErrUnavailable, s.path, err)
	}
}

// isFull reports whether err comes from a lack of space. bbolt passes some causes
// on as text only.
func isFull(err error) bool {
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) || strings.Contains(err.Error(), full.Error()) {
			return true
		}
	}
	return false
}

// corrupt says that the file cannot be used, and what the operator can do.
func corrupt(path string, cause error) error {
	return fmt.Errorf("%w: store file %s: %w; the file is left as it is: "+
		"put a backup in its place with `caddy gatehouse restore`, or begin anew without its users with `caddy gatehouse init --new`",
		store.ErrCorrupt, path, cause)
}
