// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Count implements [store.Counter]. It reads the heads alone.
func (s *Store) Count(ctx context.Context, kind store.Kind, at time.Time) (n int, err error) {
	if err := s.settled(ctx); err != nil {
		return 0, err
	}
	err = s.view(ctx, func(t *txn) error {
		b := t.records(kind)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			// What cannot be read is no live record.
			if h, err := decodeHead(v); err == nil && !h.expired(at) {
				n++
			}
		}
		return nil
	})
	return n, err
}
