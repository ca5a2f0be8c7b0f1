// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package throttle slows guessing down. It owns how many wrong guesses are too
// many, and for whom; it knows neither passwords nor cookies nor pages.
//
// Wrong guesses are counted for the canonical name and for the address they come
// from, so that neither many guesses at one person nor one at each of many get
// far. A browser in which this very person has signed in before has a counter of
// its own: a stranger who uses up the others locks nobody out of it. There is no
// counter for everybody, which would be a weapon.
//
// An attempt is counted before the password is looked at, and taken back when it
// was right: a hundred parallel guesses see each other, on all nodes.
package throttle

import (
	"context"
	"strconv"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Throttle counts attempts to sign in.
type Throttle struct {
	store  store.Store
	blind  func(string) string
	limits Limits
	lanes  lanes
}

// New returns a throttle that counts in s. blind turns a name or an address into
// a text which does not reveal it and is the same on every node. Zero fields of l
// mean those of [Defaults].
func New(s store.Store, blind func(string) string, l Limits) *Throttle {
	return &Throttle{store: s, blind: blind, limits: l.orDefaults()}
}

// Unlock forgets the wrong guesses at a person, by canonical name. A known
// browser that has used up its own counter is free again as well, since it then
// falls back to the person's.
func (t *Throttle) Unlock(ctx context.Context, name string) error {
	return t.store.Commit(ctx, store.ResetCounter{Name: t.byName(name).key(time.Now())})
}

// counter is one thing that attempts are counted for.
type counter struct {
	name string
	Limit
}

func (t *Throttle) byName(name string) counter {
	return t.counter("name", name, t.limits.Name)
}

// counter returns the counter of a value. Its name shows neither the value nor,
// since the kind is blinded too, that a name and an address are the same text.
func (t *Throttle) counter(kind, value string, l Limit) counter {
	return counter{"throttle/" + t.blind(kind+"\x00"+value), l}
}

// key names the counter in the window around now. Windows begin at fixed times,
// so that it is known when one ends, and so that what is taken back after its end
// does not count for the next.
func (c counter) key(now time.Time) string {
	return c.name + "/" + strconv.FormatInt(now.Truncate(c.Window).Unix(), 16)
}

// left returns how long the window around now still lasts.
func (c counter) left(now time.Time) time.Duration {
	return now.Truncate(c.Window).Add(c.Window).Sub(now)
}
