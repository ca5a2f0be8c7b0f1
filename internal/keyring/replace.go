// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import "context"

// Replace takes all keys of each algorithm out of the JWKS at once, the next and the
// retired ones too, and lets fresh ones sign: for the day when keys have been stolen,
// which lie in one place. What they have signed is refused from now on by whoever
// reads the JWKS anew. Without an algorithm it does so for all that have keys. Two
// calls at the same moment replace once.
func (r *Ring) Replace(ctx context.Context, algs ...Algorithm) error {
	return r.once(ctx, algs, func(alg Algorithm, _ *family) step { return step{action: replaced, alg: alg} })
}
