// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/gatehouse-sso/gatehouse/store"
)

// attempts is how often an edit begins again because another node was faster.
// Nodes change the ring a few times a month.
const attempts = 10

// decision says what is to be done to a ring, nothing once it has been done.
type decision func(families) ([]step, error)

// nothing is the decision to leave the ring as it is.
func nothing(families) ([]step, error) { return nil, nil }

// edit reads the ring, does what decide asks for, writes it if that changed it,
// and shows the outcome to readers. When another node has written meanwhile it
// begins again with what that one wrote, so that two nodes never both rotate.
// Algorithms that were ensured, now or before, are created when they are missing.
func (r *Ring) edit(ctx context.Context, now time.Time, ensure []Algorithm, decide decision) error {
	r.editing.Lock()
	defer r.editing.Unlock()
	now = now.Round(0).UTC().Truncate(time.Millisecond)
	ensured := union(r.view.Load().ensured, ensure)
	for range attempts {
		keys, version, err := r.read(ctx)
		if err != nil {
			return err
		}
		steps, err := keys.settle(now, func(keys families) ([]step, error) {
			steps, err := decide(keys)
			return append(keys.missing(ensured), steps...), err
		})
		if err != nil {
			return err
		}
		if len(steps) > 0 {
			err = r.write(ctx, keys, version)
			if errors.Is(err, store.ErrConflict) {
				continue
			}
			if err != nil {
				return err
			}
		}
		return r.show(keys, ensured, steps)
	}
	return fmt.Errorf("key ring: %w %d times in a row", store.ErrConflict, attempts)
}

// read returns the ring as it is stored, empty with version 0 when it is not.
// From a damaged ring on nothing is signed: what cannot be read again must not go
// on until the next restart finds out. What was signed before still verifies.
func (r *Ring) read(ctx context.Context) (families, uint64, error) {
	document, err := r.store.Document(ctx, Document)
	if errors.Is(err, store.ErrNotFound) {
		return families{}, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read the key ring: %w", err)
	}
	keys, err := decode(document.Data)
	if err != nil {
		silent := *r.view.Load()
		silent.keys = nil
		r.view.Store(&silent)
		return nil, 0, err
	}
	return keys, document.Version, nil
}

// write replaces the stored ring if it still has that version.
func (r *Ring) write(ctx context.Context, keys families, version uint64) error {
	data, err := keys.encode()
	if err != nil {
		return fmt.Errorf("write the key ring: %w", err)
	}
	document := store.Document{Name: Document, Data: data, Version: version}
	if err := r.store.Commit(ctx, store.PutDocument{Document: document}); err != nil {
		return fmt.Errorf("write the key ring: %w", err)
	}
	return nil
}

// show lets readers see the ring and says what was done to it.
func (r *Ring) show(keys families, ensured []Algorithm, steps []step) error {
	v, err := newView(keys, ensured, r.schedule)
	if err != nil {
		return err
	}
	r.view.Store(v)
	for _, s := range steps {
		level := zapcore.InfoLevel
		if s.action == corrected || s.action == replaced {
			level = zapcore.WarnLevel
		}
		r.logger.Log(level, "signing key "+string(s.action), zap.String("alg", string(s.alg)), zap.String("kid", keys.named(s)))
	}
	return nil
}

// named returns the kid of the key that a step was about: of first and of fresh keys,
// the one that signs.
func (f families) named(s step) string {
	if s.action == created || s.action == replaced {
		return f[s.alg].Current.id
	}
	return s.kid
}

// settle makes the steps that decide asks for until it asks for none, and
// returns all of them.
func (f families) settle(now time.Time, decide decision) (done []step, err error) {
	for {
		steps, err := decide(f)
		if err != nil || len(steps) == 0 {
			return done, err
		}
		for _, s := range steps {
			if err := f.apply(s, now); err != nil {
				return nil, err
			}
		}
		done = append(done, steps...)
	}
}

// missing returns the steps that create the algorithms without keys.
func (f families) missing(algs []Algorithm) (steps []step) {
	for _, alg := range algs {
		if f[alg] == nil {
			steps = append(steps, step{action: created, alg: alg})
		}
	}
	return steps
}

// current returns the kids of the current keys of these algorithms, of all when
// none is named.
func (f families) current(algs []Algorithm) (map[Algorithm]string, error) {
	kids := make(map[Algorithm]string)
	for _, alg := range keyed() {
		if family := f[alg]; family != nil && len(algs) == 0 {
			kids[alg] = family.Current.id
		}
	}
	for _, alg := range algs {
		family := f[alg]
		if family == nil {
			return nil, fmt.Errorf("no app uses a key for %q, so there is none to rotate", alg)
		}
		kids[alg] = family.Current.id
	}
	return kids, nil
}

// union returns the algorithms that are in one of the lists.
func union(a, b []Algorithm) []Algorithm {
	all := slices.Clone(a)
	for _, alg := range b {
		if !slices.Contains(all, alg) {
			all = append(all, alg)
		}
	}
	return all
}
