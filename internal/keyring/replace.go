// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"context"
	"time"
)

// Replace takes all keys of each algorithm out of the JWKS at once, the next and the
// retired ones too, and lets fresh ones sign: for the day when keys have been stolen,
// which lie in one place. What they have signed is refused from now on by whoever
// reads the JWKS anew. Without an algorithm it does so for all that have keys. Two
// calls at the same moment replace once.
func (r *Ring) Replace(ctx context.Context, algs ...Algorithm) error {
	var before map[Algorithm]string
	return r.edit(ctx, time.Now(), nil, func(keys families) (steps []step, err error) {
		if before == nil {
			if before, err = keys.current(algs); err != nil {
				return nil, err
			}
		}
		for alg, kid := range before {
			if f := keys[alg]; f != nil && f.Current.id == kid {
				steps = append(steps, step{action: replaced, alg: alg})
			}
		}
		return steps, nil
	})
}
