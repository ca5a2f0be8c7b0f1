// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gatehouse-sso/gatehouse/store"
)

// leastSpace is what a write may need: with less than this on the disk and in the
// file together, the store counts as full.
const leastSpace = 1 << 20

// Healthy implements [store.Health]: the writer answers, the disk has room, and
// the last transaction was not refused by it. After one that was, an empty one is
// tried, so that a store recovers by itself when nobody else writes.
func (s *Store) Healthy(ctx context.Context) error {
	if err := s.roomLeft(); err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() { answered <- s.write(ctx, s.probe) }()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: store file %s: the writer is held up: %w", store.ErrUnavailable, s.path, ctx.Err())
	}
}

func (s *Store) probe(*txn) (func() (int, error), error) {
	if !s.failed.Load() {
		return nil, nil
	}
	return func() (int, error) { return 0, nil }, nil
}

func (s *Store) roomLeft() error {
	available, known := diskSpace(filepath.Dir(s.path))
	if known && available+s.free() < leastSpace {
		return fmt.Errorf("%w: %d bytes left on the disk of %s: delete or move other files", store.ErrFull, available, s.path)
	}
	return nil
}
