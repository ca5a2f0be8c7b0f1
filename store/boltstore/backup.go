// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"errors"
	"io"
	"runtime/debug"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Backup writes a copy of the file as it is at this moment, while others read
// and write. The copy is a store file itself.
func (s *Store) Backup(ctx context.Context, w io.Writer) (err error) {
	defer s.catch(&err, debug.SetPanicOnFault(true))
	if err := s.settled(ctx); err != nil {
		return err
	}
	for {
		f := s.file.Load()
		err = f.db.View(func(tx *bbolt.Tx) error {
			_, err := tx.WriteTo(&cancelled{ctx, w})
			return err
		})
		// Another file may take the place of this one before the first byte.
		if !errors.Is(err, bolterrors.ErrDatabaseNotOpen) || f == s.file.Load() {
			break
		}
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.explain(err)
}

// cancelled is a writer that fails when its context is over.
type cancelled struct {
	ctx context.Context
	w   io.Writer
}

func (c *cancelled) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}
