// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// How many may wait for their password to be checked, and how long. What comes
// on top is refused at once: a queue nobody sees the end of helps only whoever fills it.
const (
	maxWaiting = 256
	patience   = 10 * time.Second
)

// hasher computes password hashes, few at a time. A hash takes 64 MiB and keeps
// several cores busy, so a flood of sign-ins must not take the machine from the
// apps behind the gates (threat 25).
type hasher struct {
	params    Params
	unmatched hash
	slots     chan struct{}
	waiting   atomic.Int64
	computed  atomic.Uint64
}

func newHasher(p Params) *hasher {
	return &hasher{params: p, unmatched: unmatched(p), slots: make(chan struct{}, slots(p, runtime.GOMAXPROCS(0)))}
}

// slots returns how many hashes may run at once on so many processors: as many
// as keep all of them busy, since one hash uses a processor for each lane.
func slots(p Params, processors int) int {
	lanes := int(p.Threads)
	return (processors + lanes - 1) / lanes
}

// turn waits for a slot and returns what gives it back. The error is [identity.ErrBusy].
func (h *hasher) turn(ctx context.Context) (leave func(), err error) {
	leave = func() { <-h.slots }
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > maxWaiting {
		return nil, identity.ErrBusy
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	case <-timer.C:
		return nil, identity.ErrBusy
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", identity.ErrBusy, ctx.Err())
	}
}

// hash hashes a new password. The caller has a turn.
func (h *hasher) hash(password []byte) hash {
	h.computed.Add(1)
	return newHash(h.params, password)
}

// matches reports whether the password is the one that was hashed. The zero
// hash costs as much as one of a user and matches nothing. The caller has a turn.
func (h *hasher) matches(stored hash, password []byte) bool {
	if stored.isZero() {
		stored = h.unmatched
	}
	h.computed.Add(1)
	return stored.matches(password)
}
