// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"context"
	"net/netip"
)

// BeginWord is [Throttle.Begin] for a token by which an app says who somebody is. It counts
// by address alone, and apart from passwords: an app whose clock is wrong sends many
// people whose tokens do not count, and none of them may be kept from signing in otherwise.
func (t *Throttle) BeginWord(ctx context.Context, address netip.Addr) (*Trial, error) {
	if !address.IsValid() {
		return t.begin(ctx)
	}
	return t.begin(ctx, t.counter("app token", network(address), t.limits.Address))
}
