// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package house puts together what stands on one open store: the memory above
// it, the users, the sessions, the codes, the throttle. A house outlives a
// configuration, since a store can be open only once and a stream that was opened
// under one configuration must still be cut under the next. It also does the
// work that nobody asks for: sweeping what has expired, rotating keys, telling apps
// of logouts.
//
// It decides nothing about requests; gate and portal do, with what they find here.
package house

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/backchannel"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

const (
	// sweepEvery is how often expired records are removed, sweepBatch how many
	// in one transaction, so that no login waits long behind a sweep.
	sweepEvery = 30 * time.Second
	sweepBatch = 500
)

// House is everything that stands on one open store.
type House struct {
	Live     *live.Live
	Users    *local.Users
	Sessions *session.Keeper
	Codes    *handoff.Codes
	Forms    *resend.Keeper
	Throttle *throttle.Throttle
	// Arrivals are people whom apps have sent.
	Arrivals *voucher.Keeper
	// AccessTokens are those that people make for their scripts.
	AccessTokens *accesstoken.Keeper
	Seal         *seal.Key
	// Tokens are those of the token service, with all their namespaces.
	Tokens *tokens.Engine
	// Backchannel tells apps of sessions that have ended, once a configuration
	// says which apps and where.
	Backchannel *backchannel.Sender

	logger *zap.Logger
	opened store.Store // as it was handed in, to be asked for what is not sealed
	// open ends when the house is closed.
	open  context.Context
	close context.CancelFunc
	work  sync.WaitGroup

	first       firstUser
	keysChanged chan struct{}

	mu    sync.Mutex
	rings map[*keyring.Ring]struct{}
}

// Options are what a house needs besides its store.
type Options struct {
	// Seal protects what is at rest.
	Seal *seal.Key
	// FirstUser is called when there is a user, until it has returned nil once, so
	// that a store which is empty later is known to have lost them. Whoever makes
	// the first user is not answered before. Nil where nothing keeps that.
	FirstUser func() error
	// Users are the settings of the local users.
	Users local.Options
	// Throttle limits guessing; zero fields mean the defaults.
	Throttle throttle.Limits
	Logger   *zap.Logger
}

// Open puts a house on an open store, which it closes when it is closed itself.
// When it returns an error the store is still open.
func Open(ctx context.Context, opened store.Store, o Options) (*House, error) {
	sealed, err := seal.Wrap(ctx, opened, o.Seal)
	if err != nil {
		return nil, err
	}
	blind := func(label string) func(string) string {
		return func(s string) string { return o.Seal.Blind(label, s) }
	}
	// Nothing has begun yet that would have to be ended after an error.
	known, err := local.New(sealed, blind("user name"), o.Users).Any(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for users: %w", err)
	}
	h := &House{
		Seal:        o.Seal,
		logger:      o.Logger,
		opened:      opened,
		first:       firstUser{note: o.FirstUser},
		keysChanged: make(chan struct{}, 1),
		rings:       make(map[*keyring.Ring]struct{}),
	}
	onError := func(err error) { h.logger.Error("in the background", zap.Error(err)) }
	h.Backchannel = backchannel.New(sealed, backchannel.Options{OnError: onError})
	h.Live = live.New(h.Backchannel.Outbox(), live.Options{
		User:       func(ctx context.Context, id string) (*identity.User, error) { return h.Users.User(ctx, id) },
		UserOf:     local.UserOf,
		OnError:    onError,
		OnDocument: h.documentChanged,
	})
	// Below the memory of sessions, of which tokens know nothing.
	h.Tokens = tokens.New(sealed, tokens.Options{Memory: tokens.DefaultMemory})
	h.Users = local.New(h.Live, blind("user name"), o.Users)
	h.Sessions = &session.Keeper{Store: h.Live}
	h.Codes = &handoff.Codes{Store: h.Live, Sessions: h.Sessions}
	h.Forms = &resend.Keeper{Store: h.Live}
	h.Arrivals = &voucher.Keeper{Store: h.Live}
	h.AccessTokens = &accesstoken.Keeper{Store: h.Live}
	h.Throttle = throttle.New(h.Live, blind("throttle"), o.Throttle)

	if known {
		h.noteFirstUser()
	}
	h.open, h.close = context.WithCancel(context.Background())
	h.work.Go(func() { h.sweep(h.open) })
	h.work.Go(func() { h.followKeys(h.open) })
	h.work.Go(func() { h.Backchannel.Run(h.open) })
	return h, nil
}

// Knows reports whether somebody has this canonical user name.
func (h *House) Knows(ctx context.Context, name string) bool {
	_, err := h.Users.ByName(ctx, name)
	return err == nil
}

// Healthy returns why the store would not accept a write now, or nil.
func (h *House) Healthy(ctx context.Context) error {
	if health, ok := h.Live.Store.(store.Health); ok {
		return health.Healthy(ctx)
	}
	return nil
}

// Stats returns what the store tells about itself.
func (h *House) Stats() store.Stats {
	if meter, ok := h.Live.Store.(store.Meter); ok {
		return meter.Stats()
	}
	return store.Stats{}
}

// Count returns how many sessions there are that are not over, and false where the
// store cannot tell.
func (h *House) Count(ctx context.Context) (int, bool) {
	counter, ok := h.opened.(store.Counter)
	if !ok {
		return 0, false
	}
	n, err := counter.Count(ctx, session.Kind, time.Now().Add(session.Grace))
	return n, err == nil
}

// Scrub returns when nothing is left of what was deleted before, as far as the store can
// see to that.
func (h *House) Scrub(ctx context.Context) error {
	if scrubber, ok := h.opened.(store.Scrubber); ok {
		return scrubber.Scrub(ctx)
	}
	return nil
}

// Close ends the work in the background, writes what is pending and closes the store.
func (h *House) Close() error {
	h.close()
	h.work.Wait()
	// Uses that are not written are no reason to keep the store open.
	flushed := h.AccessTokens.Flush(context.Background())
	return errors.Join(flushed, h.Live.Close())
}

// documentChanged is told of every change of a document.
func (h *House) documentChanged(name string) {
	if _, ok := local.UserOf(name); ok {
		h.lookForFirstUser()
	}
	if name == keyring.Document {
		select {
		case h.keysChanged <- struct{}{}:
		default: // a look at the keys is due already
		}
	}
}

// sweep removes what has expired, in small batches, until ctx ends.
func (h *House) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := h.AccessTokens.Flush(ctx); err != nil && ctx.Err() == nil {
			h.logger.Error("cannot write what is new of access tokens", zap.Error(err))
		}
		if err := store.SweepAll(ctx, h.Live, sweepBatch); err != nil && ctx.Err() == nil {
			h.logger.Error("cannot remove what has expired", zap.Error(err))
		}
	}
}
