// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Count implements [store.Counter]. It looks at each page of the kind, not at each record.
func (s *Store) Count(ctx context.Context, kind store.Kind) (n int, err error) {
	err = s.view(ctx, func(t *txn) error {
		if b := t.records(kind); b != nil {
			n = b.Stats().KeyN
		}
		return nil
	})
	return n, err
}
