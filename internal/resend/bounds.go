// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package resend

import (
	"context"
	"fmt"
)

// MaxSize is how large a form may be with its address and headers, in bytes.
const MaxSize = 1 << 20

// What may be kept. A form counts within a window of Lifetime from the first one,
// whether or not it has been given back meanwhile; a small one counts as least, so
// that the bounds are bounds on the number of forms as well.
const (
	unit       = 1 << 10
	least      = 64
	mostOfOne  = 4 << 10
	mostInAll  = 256 << 10
	counter    = "resend"
	counterFor = counter + "/"
)

// charge counts a form of this size in bytes for the person and for all.
func (k *Keeper) charge(ctx context.Context, userID string, size int64) error {
	units := max(int((size+unit-1)/unit), least)
	for _, c := range []struct {
		name string
		most int
	}{{counterFor + userID, mostOfOne}, {counter, mostInAll}} {
		// Looked at first: whoever has no room left must not make the store write by
		// trying on.
		for _, n := range []int{0, units} {
			sum, err := k.Store.Add(ctx, c.name, n, Lifetime)
			switch {
			case err != nil:
				return fmt.Errorf("counting kept forms: %w", err)
			case sum+units-n > c.most:
				return ErrFull
			}
		}
	}
	return nil
}
