// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package tokens is a store of tokens for stateful sessions: each token stands for
// data that only its holder can read, which may end after a time or after a number
// of reads. It needs neither Caddy nor the rest of Gatehouse.
//
//	file, err := tokens.Open("tokens.db", tokens.Options{})
//	space, err := file.Space("shop", tokens.Limits{})
//	token, err := space.Create(ctx, "", tokens.Value{Data: data, TTL: time.Hour})
//
// What has been answered is on disk: no token that was handed out is lost in a
// crash, none that was deleted lives again, and one that may be read n times is read
// n times, by however many readers and across restarts. The store keeps a hash of a
// token, never the token.
//
// The package owns what a token looks like, its limits, namespaces and quotas. What
// is in the data belongs to the caller, where it is kept to package store, who may
// ask over a network to internal/tokenservice.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Errors of this package, possibly wrapped. Others are those of package store, of
// which ErrUnavailable and ErrFull leave open whether a write has happened.
var (
	// ErrNone means that there is no such token: it never was one, is of another
	// namespace, has expired, was read as often as it may be, or was deleted.
	ErrNone = errors.New("no such token")
	// ErrQuota means that the namespace, or the owner, has as many tokens as it may.
	ErrQuota = errors.New("too many tokens")
	// ErrTooLong means that the data is longer than the namespace allows.
	ErrTooLong = errors.New("data of a token is too long")
	// ErrLimit means that a time to live makes no sense.
	ErrLimit = errors.New("time to live of a token is negative")
)

// Options change how an engine works. The zero value works.
type Options struct {
	// Memory is how many bytes of tokens that were read stay in memory, so that
	// reading them again asks no disk. Zero means none, and so it has to be where
	// another process changes tokens in the same store.
	Memory int
	// Relaxed answers Create, Update and Delete before they are on disk, where the
	// store can and no quota has to be looked at: many times as fast, for one caller at
	// a time above all. A process that is killed then loses the last moment: a token
	// that was handed out may be gone, and one that was deleted may live again. Counted
	// reads and Rotate wait for the disk nevertheless.
	Relaxed bool
	// OnError, if set, is told by a [File] of errors that nobody waits for.
	OnError func(error)
}

// Engine keeps the tokens of any number of namespaces in one store. Its methods, and
// those of its spaces, may be called from many goroutines. One store has one engine:
// two would not know of each other's changes.
type Engine struct {
	store   store.Store
	relaxed store.Relaxed // nil where every write waits for the disk
	warm    *memory
	now     func() time.Time
	// writing are held while a token is changed in more than one step.
	writing stripes
	room    room
}

// New returns an engine that keeps its tokens in s, which the caller closes. Whoever
// can read s reads the data of all tokens: see package boltstore on what protects a
// file, or use [Open], which seals it.
func New(s store.Store, o Options) *Engine {
	e := &Engine{store: s, warm: newMemory(o.Memory), now: newClock()}
	if o.Relaxed {
		e.relaxed, _ = s.(store.Relaxed)
	}
	return e
}

// Flush returns nil when everything that was answered before is on disk, which it is
// by itself unless the engine is relaxed.
func (e *Engine) Flush(ctx context.Context) error {
	if e.relaxed != nil {
		return e.relaxed.Flush(ctx)
	}
	return nil
}

// peek returns a record, without its payload where the store can.
func (e *Engine) peek(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	if p, ok := e.store.(store.Peeker); ok {
		return p.Peek(ctx, kind, id)
	}
	return e.store.Get(ctx, kind, id)
}

// commit writes, relaxed where that is wanted.
func (e *Engine) commit(ctx context.Context, changes ...store.Change) error {
	if e.relaxed != nil {
		return e.relaxed.CommitRelaxed(ctx, changes...)
	}
	return e.store.Commit(ctx, changes...)
}

// Limits bound what a namespace holds.
type Limits struct {
	// Quota is how many tokens there may be. Zero means any number.
	Quota int
	// OwnerQuota is how many of them one owner may have. Zero means any number.
	OwnerQuota int
	// MaxData is how long the data of one token may be, in bytes. Zero means
	// DefaultMaxData.
	MaxData int
}

// DefaultMaxData is how long the data of a token may be unless [Limits] say otherwise.
const DefaultMaxData = 64 << 10

// MaxNamespace is the longest name of a namespace.
const MaxNamespace = 24

var namespace = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// CheckNamespace reports what is wrong with the name of a namespace: it has 1 to 24
// lower-case letters, digits, "-" and "_", and begins with a letter or digit.
func CheckNamespace(name string) error {
	if len(name) > MaxNamespace || !namespace.MatchString(name) {
		return fmt.Errorf("%q names no namespace: write 1 to %d lower-case letters, digits, - and _", name, MaxNamespace)
	}
	return nil
}

// Space returns the namespace with this name. Tokens of one are unknown in all
// others. Several spaces may have one name and different limits: each holds to its own,
// and they count together.
func (e *Engine) Space(name string, l Limits) (*Space, error) {
	if err := CheckNamespace(name); err != nil {
		return nil, err
	}
	if l.Quota < 0 || l.OwnerQuota < 0 || l.MaxData < 0 || l.MaxData > store.MaxData-1 {
		return nil, fmt.Errorf("limits of the namespace %q: none may be negative, and data at most %d bytes", name, store.MaxData-1)
	}
	if l.MaxData == 0 {
		l.MaxData = DefaultMaxData
	}
	return &Space{engine: e, kind: kindPrefix + store.Kind(name), limits: l}, nil
}

// kindPrefix keeps the records of all namespaces apart from whatever else is in the
// store: a namespace cannot be named so that it reaches sessions.
const kindPrefix = store.Kind("token:")
