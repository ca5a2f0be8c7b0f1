// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package store

import "context"

// SweepAll removes all that has expired, in batches, so that others are not held up by one
// long transaction.
func SweepAll(ctx context.Context, s Store, batch int) error {
	for {
		swept, err := s.Sweep(ctx, batch)
		if err != nil || swept < batch {
			return err
		}
	}
}
