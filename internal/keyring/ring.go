// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package keyring owns the keys that sign assertions: their making, their
// rotation, their publication as a JWKS, and the form of the assertion itself.
// It is the only place that signs or parses a JWT. Who gets an assertion, and
// how long one is reused, belongs to package gate; sealing what is stored, to
// the store.
package keyring

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Ring is the key ring: for each algorithm with key pairs a current key, the
// next one and those that are retired. It lives in the document named
// [Document], so that all nodes over one store have the same keys.
//
// All methods may be called from many goroutines. Sign, Verify, Current, Keys,
// JWKS and Healthy read a snapshot: they take no lock and never touch the store.
// The other methods read the store, and take over what another node has written.
type Ring struct {
	store    store.Store
	schedule Schedule
	logger   *zap.Logger

	editing sync.Mutex // one edit at a time; held across store calls, never by a reader
	view    atomic.Pointer[view]
}

// Open reads the ring, or creates it with an ES256 key and its successor. A
// document that cannot be read is an error that wraps store.ErrCorrupt, and the
// document is left as it is.
func Open(ctx context.Context, s store.Store, schedule Schedule, logger *zap.Logger) (*Ring, error) {
	schedule, err := schedule.orDefaults()
	if err != nil {
		return nil, err
	}
	r := &Ring{store: s, schedule: schedule, logger: logger}
	r.view.Store(&view{})
	if err := r.Ensure(ctx, ES256); err != nil {
		return nil, err
	}
	return r, nil
}

// Ensure creates the keys that these algorithms need and that do not exist yet.
// From then on [Ring.Healthy] watches them. HS256 needs none: its secret is the
// app's.
func (r *Ring) Ensure(ctx context.Context, algs ...Algorithm) error {
	var needed []Algorithm
	for _, alg := range algs {
		switch {
		case alg.keyed():
			needed = append(needed, alg)
		case alg != HS256:
			return fmt.Errorf("no keys for an unknown algorithm %q", alg)
		}
	}
	return r.edit(ctx, time.Now(), needed, nothing)
}

// Maintain rotates the keys that are due at now and drops those that are dead,
// and returns when to call it again: at most an hour later, since clocks are
// set. Calling it more often, or on several nodes at once, changes nothing more.
func (r *Ring) Maintain(ctx context.Context, now time.Time) (next time.Time, err error) {
	err = r.edit(ctx, now, nil, func(keys families) (steps []step, err error) {
		steps, next = plan(keys, r.schedule, now)
		return steps, nil
	})
	return next, err
}

// Reload takes over what the document holds now: to be called when the store
// tells of a change that somebody else made.
func (r *Ring) Reload(ctx context.Context) error {
	return r.edit(ctx, time.Now(), nil, nothing)
}

// Rotate makes the next key of each algorithm the current one at once, and
// publishes a fresh next key; without an algorithm it does so for all that have
// keys. The keys before stay in the JWKS until their last tokens are dead, unlike
// with [Ring.Replace]. Two calls at the same moment rotate once.
func (r *Ring) Rotate(ctx context.Context, algs ...Algorithm) error {
	return r.once(ctx, algs, func(alg Algorithm, f *family) step { return step{promoted, alg, f.Next.id} })
}

// once takes a step with each algorithm, or with all that have keys, unless another call
// has changed its current key since this one has looked at it.
func (r *Ring) once(ctx context.Context, algs []Algorithm, take func(Algorithm, *family) step) error {
	var before map[Algorithm]string
	return r.edit(ctx, time.Now(), nil, func(keys families) (steps []step, err error) {
		if before == nil {
			if before, err = keys.current(algs); err != nil {
				return nil, err
			}
		}
		for alg, kid := range before {
			if f := keys[alg]; f != nil && f.Current.id == kid {
				steps = append(steps, take(alg, f))
			}
		}
		return steps, nil
	})
}

// Keys returns what may be told of each key, by algorithm: current, next,
// retired. The slice is the caller's.
func (r *Ring) Keys() []KeyInfo { return slices.Clone(r.view.Load().infos) }

// JWKS returns the JWK Set (RFC 7517) of all keys, public members only. It is
// prepared once for each change and shared: the caller must not write to it.
func (r *Ring) JWKS() []byte { return r.view.Load().jwks }

// Current returns the kid of the key that signs with this algorithm, or "" when
// there is none, as for HS256.
func (r *Ring) Current(alg Algorithm) (kid string) {
	if f := r.view.Load().keys[alg]; f != nil {
		return f.Current.id
	}
	return ""
}

// Healthy returns nil when every algorithm that was ensured has a key that
// signs and is in date at now, and otherwise why not. A key is out of date when
// its rotation is overdue by [Schedule.Publish], or when its dates lie in the
// future: nobody calls Maintain, or it fails.
func (r *Ring) Healthy(now time.Time) error {
	v := r.view.Load()
	for _, alg := range v.ensured {
		f := v.keys[alg]
		if f == nil {
			return fmt.Errorf("key ring: no key for %s", alg)
		}
		if due := r.schedule.due(f); now.After(due.Add(r.schedule.Publish)) {
			return fmt.Errorf("key ring: the %s key should have been rotated at %s", alg, due.UTC().Format(time.RFC3339))
		}
		if f.Current.future(now) {
			return fmt.Errorf("key ring: the %s key is from the future: check the clock", alg)
		}
	}
	return nil
}
