// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package live holds in memory what a warm request needs: sessions, their users
// and the requests that run under them. It stands above the store and is a store
// itself, so that every change passes through it and memory is told, whoever
// made the change: nothing is ever believed that the store has taken back.
//
// Ending a session goes refuse, commit, answer: from the moment an end is asked
// for, memory refuses the session, and when the commit fails it goes on refusing
// and retries until the store has it.
//
// What a session is belongs to package session, what to do with it to package gate.
package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/puzpuzpuz/xsync/v4"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// ErrEnding means that the session is refused everywhere on this node, but the
// store could not be told yet. It will be: the end is retried until it is
// durable or Live is closed. Whoever shows a page must not say "signed out"
// meanwhile.
var ErrEnding = errors.New("session is refused, but its end could not be stored yet")

// defaultCapacity is how many sessions are kept in memory when they are not in use.
const defaultCapacity = 250_000

// Options say what Live needs to know of the rooms above it.
type Options struct {
	// User looks up a person by ID.
	User func(ctx context.Context, id string) (*identity.User, error)
	// UserOf returns the ID of the person whose state a document holds, so that
	// a change of the document is a change of the person. Nil means that changes
	// of people cannot be seen: each is looked up at every request.
	UserOf func(document string) (id string, ok bool)
	// OnError is told of errors that nobody waits for: a touch that could not be
	// written, an end that has to be retried. Nil drops them.
	OnError func(error)
	// OnDocument, when set, is told the name of each document that was changed, or
	// may have been: a commit that failed leaves that open.
	OnDocument func(name string)
	// Capacity is how many sessions stay in memory; those in use stay besides.
	// Zero means 250,000, which is below 200 MB.
	Capacity int
}

// Live is the memory above a store. Its methods may be called from many goroutines.
type Live struct {
	store.Store
	options Options

	sessions *xsync.Map[store.ID, *Session]
	people   *xsync.Map[string, *person]
	// ending holds the sessions whose end is asked for and not yet stored, and by
	// how many.
	ending *xsync.Map[store.ID, int]
	// fills counts the changes of sessions, by a part of their ID. A look-up in
	// the store that began before a change is discarded by it.
	fills [256]atomic.Uint64

	touches touches
	ends    ends
	watched watched
	// evicting is held by whoever makes room, and while uses are being written.
	evicting sync.Mutex
	// full is how many sessions may be in memory before room is made.
	full    atomic.Int64
	stop    context.CancelFunc
	stopped context.Context
	work    sync.WaitGroup
}

// New returns the memory above s. Close it before s is closed.
func New(s store.Store, o Options) *Live {
	if o.Capacity == 0 {
		o.Capacity = defaultCapacity
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.OnDocument == nil {
		o.OnDocument = func(string) {}
	}
	stopped, stop := context.WithCancel(context.Background())
	l := &Live{
		Store:    s,
		options:  o,
		sessions: xsync.NewMap[store.ID, *Session](),
		people:   xsync.NewMap[string, *person](),
		ending:   xsync.NewMap[store.ID, int](),
		stop:     stop,
		stopped:  stopped,
	}
	l.full.Store(int64(o.Capacity))
	l.touches.wake = make(chan struct{}, 1)
	l.ends.wake = make(chan struct{}, 1)
	l.watched.due = make(map[*Session]time.Time)
	l.watched.wake = make(chan struct{}, 1)
	l.work.Go(l.writeTouches)
	l.work.Go(l.watchTies)
	l.work.Go(l.writeEnds)
	return l
}

// Close stops the work in the background after a last attempt, of some seconds at
// most, to write what is pending, and closes the store.
func (l *Live) Close() error {
	l.stop()
	l.work.Wait()
	return l.Store.Close()
}

// Get is the store's, except that a session which is refused is not found: no
// hand-off extends what was ended. List still shows it.
func (l *Live) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	if kind == session.Kind && l.IsEnding(id) {
		return store.Record{}, store.ErrNotFound
	}
	return l.Store.Get(ctx, kind, id)
}

// Find returns the live session that the token opens at origin, with its user
// as of now, and counts as a use of the session. session.ErrNone: there is no
// such session, or its user may not use it. Any other error is the store's or
// the source's: nobody may be let through on its account, and no cookie may be
// taken away.
func (l *Live) Find(ctx context.Context, token session.Token, origin string, limits session.Limits, now time.Time) (*Session, *identity.User, error) {
	s, user, err := l.Look(ctx, token, origin, limits, now)
	if err == nil {
		l.touch(s, now)
	}
	return s, user, err
}

// Look is Find without a use: a session that is only looked at ends as if nobody
// had come.
func (l *Live) Look(ctx context.Context, token session.Token, origin string, limits session.Limits, now time.Time) (*Session, *identity.User, error) {
	if token.IsNonce() {
		return nil, nil, session.ErrNone
	}
	s, found := l.sessions.Load(token.ID)
	if !found {
		var err error
		if s, err = l.fill(ctx, token.ID); err != nil {
			return nil, nil, err
		}
	}
	state := s.state.Load()
	if s.ended.Load() || !state.Opens(token, origin) || state.Expired(s.Seen(), limits, now) {
		return nil, nil, session.ErrNone
	}
	user, err := s.person.current(ctx, l.options.User)
	if errors.Is(err, identity.ErrUnknown) {
		return nil, nil, session.ErrNone
	}
	if err != nil {
		return nil, nil, fmt.Errorf("user of session %s: %w", token.ID, err)
	}
	if user.Disabled {
		return nil, nil, session.ErrNone
	}
	return s, user, nil
}

// fill brings a session from the store into memory.
func (l *Live) fill(ctx context.Context, id store.ID) (*Session, error) {
	changes := &l.fills[id[len(id)-1]]
	for {
		// In this order: an end asked for after the question below is a change.
		before := changes.Load()
		if l.IsEnding(id) {
			return nil, session.ErrNone
		}
		record, err := l.Store.Get(ctx, session.Kind, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil, session.ErrNone
		}
		if err != nil {
			return nil, fmt.Errorf("session %s: %w", id, err)
		}
		state, err := session.Decode(record)
		if err != nil {
			return nil, err
		}
		s, present := l.sessions.Compute(id, func(old *Session, loaded bool) (*Session, xsync.ComputeOp) {
			switch {
			case loaded:
				return old, xsync.CancelOp
			case changes.Load() != before:
				return nil, xsync.CancelOp
			}
			return l.newSession(state), xsync.UpdateOp
		})
		if present {
			l.evict(s)
			return s, nil
		}
	}
}

// newSession is called with the session's place in the map locked.
func (l *Live) newSession(state *session.Session) *Session {
	p, _ := l.people.LoadOrCompute(state.UserID, func() (*person, bool) {
		return &person{id: state.UserID, retired: l.options.UserOf == nil}, false
	})
	s := &Session{ID: state.ID, live: l, person: p}
	s.state.Store(state)
	s.seen.Store(state.Seen.UnixMilli())
	return s
}

// Ending lists the sessions that are refused and whose end is not stored yet.
func (l *Live) Ending() []store.ID {
	var ids []store.ID
	l.ending.Range(func(id store.ID, _ int) bool {
		ids = append(ids, id)
		return true
	})
	return ids
}

// IsEnding reports whether the session is refused while its end is not stored yet.
func (l *Live) IsEnding(id store.ID) bool {
	_, ending := l.ending.Load(id)
	return ending
}

// Warm returns how many sessions are in memory.
func (l *Live) Warm() int { return l.sessions.Size() }
