// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"context"
	"net/netip"
	"time"
)

// WrongToken counts an access token that opens nothing. It returns a [*Refused] when too
// many came from the address, or an error of the store.
//
// The counter is one of its own: a script that goes on with a token that was revoked
// keeps nobody at the same address from signing in. It says nothing of right tokens, which
// nobody can guess and which are never counted.
func (t *Throttle) WrongToken(ctx context.Context, address netip.Addr) error {
	if !address.IsValid() {
		return nil
	}
	c := t.counter("access token", network(address), t.limits.Address)
	if err := t.look(ctx, c); err != nil {
		return err
	}
	_, err := t.store.Add(ctx, c.key(time.Now()), 1, c.Window)
	return err
}
