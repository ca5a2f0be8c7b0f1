// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Attempt is one try to sign in.
type Attempt struct {
	// Name is the canonical name. When what was typed has none, it is empty:
	// nobody is guessed at, and the address alone is counted.
	Name string
	// Address is the client's; the zero Addr is not counted.
	Address netip.Addr
	// KnownBrowser is the ID of the browser when this very person has signed in
	// with it before ([Browser.Knows]), else empty.
	KnownBrowser string
}

// Refused is the error for an attempt that may not be made now.
type Refused struct {
	// RetryAfter is how long to wait. It is above zero.
	RetryAfter time.Duration
}

// Error does not say what was counted: a person's limit is nobody else's business.
func (r *Refused) Error() string {
	return fmt.Sprintf("too many wrong sign-ins, try again in %v", r.RetryAfter.Round(time.Second))
}

// Begin counts an attempt as a wrong one and returns it, or a [*Refused] when
// there were too many. With any other error, from the store or the context, the
// attempt may not be made either. Nobody's password may be looked at without.
//
// The caller must call [Trial.Close] when the attempt is over, and
// [Trial.Forgive] before it when it was no wrong guess.
func (t *Throttle) Begin(ctx context.Context, a Attempt) (*Trial, error) {
	if a.KnownBrowser != "" {
		trial, err := t.begin(ctx, t.counter("browser", a.KnownBrowser+"\x00"+a.Name, t.limits.Browser))
		if _, refused := errors.AsType[*Refused](err); !refused {
			return trial, err
		}
		// Its own counter is used up: from here it is a browser like any other.
	}
	var counters []counter
	if a.Address.IsValid() {
		// Where no address is known, as on a unix socket whose peer is not trusted to
		// name it, one counter for all would let anybody lock everybody out.
		counters = append(counters, t.counter("address", network(a.Address), t.limits.Address))
	}
	if a.Name != "" {
		counters = append(counters, t.byName(a.Name))
	}
	return t.begin(ctx, counters...)
}

// begin counts in all counters or in none. The address comes first in all
// attempts, so that they wait for each other in one order only.
func (t *Throttle) begin(ctx context.Context, counters ...counter) (*Trial, error) {
	trial := &Trial{throttle: t}
	for _, c := range counters {
		if err := t.look(ctx, c); err != nil {
			return nil, err
		}
	}
	for _, c := range counters {
		if err := trial.enter(ctx, c); err != nil {
			trial.Close()
			return nil, err
		}
	}
	for _, c := range counters {
		if err := trial.count(ctx, c); err != nil {
			err = errors.Join(err, trial.Forgive(ctx))
			trial.Close()
			return nil, err
		}
	}
	return trial, nil
}

// look refuses what is refused already, without a write and without waiting: so
// hammering a locked name costs next to nothing.
func (t *Throttle) look(ctx context.Context, c counter) error {
	now := time.Now()
	n, err := t.store.Add(ctx, c.key(now), 0, c.Window)
	if err == nil && n >= c.Most {
		err = &Refused{c.left(now)}
	}
	return err
}

// network returns what counts as one address: an IPv6 host can use any of a /64.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		prefix, _ := a.Prefix(64) // fails for lengths beyond the address's only
		return prefix.String()
	}
	return a.String()
}
