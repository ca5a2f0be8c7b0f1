// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// counter is a sum and the moment at which it is gone.
type counter struct {
	end time.Time
	sum int
}

const counterSize = 1 + 8 + 8

func (c counter) encode() []byte {
	value := append(make([]byte, 0, counterSize), codec)
	value = binary.BigEndian.AppendUint64(value, uint64(c.end.UnixNano()))
	return binary.BigEndian.AppendUint64(value, uint64(c.sum))
}

func decodeCounter(value []byte) (counter, error) {
	if len(value) != counterSize || value[0] != codec {
		return counter{}, fmt.Errorf("%w: counter of %d bytes", store.ErrCorrupt, len(value))
	}
	return counter{
		end: time.Unix(0, int64(binary.BigEndian.Uint64(value[1:]))),
		sum: int(int64(binary.BigEndian.Uint64(value[9:]))),
	}, nil
}

// counter returns a counter as it is stored, live or not. found is false when
// there is none.
func (t *txn) counter(name string) (c counter, found bool, err error) {
	value := t.counters().Get([]byte(name))
	if value == nil {
		return counter{}, false, nil
	}
	c, err = decodeCounter(value)
	return c, err == nil, err
}

func (c counter) live(now time.Time) bool { return now.Before(c.end) }

// Add implements [store.Store].
func (s *Store) Add(ctx context.Context, name string, n int, window time.Duration) (sum int, err error) {
	if err := store.CheckAdd(name, n, window); err != nil {
		return 0, err
	}
	if n == 0 {
		err = s.view(ctx, func(t *txn) error {
			c, _, err := t.counter(name)
			if c.live(t.now) {
				sum = c.sum
			}
			return err
		})
		return sum, err
	}
	err = s.write(ctx, func(t *txn) (func() (int, error), error) {
		old, found, err := t.counter(name)
		if err != nil {
			return nil, err
		}
		return func() (int, error) {
			sum, err = t.add(name, old, found, n, window)
			return 1, err
		}, nil
	})
	if err != nil {
		return 0, err
	}
	return sum, nil
}

// add adds n to a counter that is stored as old when it is found.
func (t *txn) add(name string, old counter, found bool, n int, window time.Duration) (int, error) {
	c := old
	if !old.live(t.now) {
		if found {
			if err := t.removeCounter(name, old); err != nil {
				return 0, err
			}
		}
		c = counter{end: t.now.Add(window)}
		if err := t.expiry().Put(counterEntry(c.end, name), nil); err != nil {
			return 0, err
		}
	}
	c.sum += n
	return c.sum, t.counters().Put([]byte(name), c.encode())
}

func (t *txn) removeCounter(name string, c counter) error {
	if err := t.expiry().Delete(counterEntry(c.end, name)); err != nil {
		return err
	}
	return t.counters().Delete([]byte(name))
}

// resetCounter forgets a counter.
type resetCounter struct {
	name  string
	old   counter
	found bool
}

func (r *resetCounter) check(t *txn) (err error) {
	r.old, r.found, err = t.counter(r.name)
	return err
}

func (r *resetCounter) apply(t *txn) error {
	if !r.found {
		return nil
	}
	return t.removeCounter(r.name, r.old)
}
