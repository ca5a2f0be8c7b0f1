// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"fmt"

	"github.com/puzpuzpuz/xsync/v4"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Commit is the store's, and tells memory: before it, of every session that is
// to end; after it, of everything that has changed. When sessions were to end
// and the store could not write, the error wraps ErrEnding.
func (l *Live) Commit(ctx context.Context, changes ...store.Change) error {
	ends := endsIn(changes)
	for _, id := range ends {
		l.refuse(id)
	}
	err := l.Store.Commit(ctx, changes...)
	switch {
	case err == nil:
		l.settle(ends)
		l.tell(changes)
		return nil
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrConflict):
		// Nothing has happened. A session that is really gone will not be found;
		// one that still stands is looked up afresh.
		l.settle(ends)
		return err
	}
	l.doubt(changes)
	if len(ends) == 0 {
		return err
	}
	l.retry(ends)
	return fmt.Errorf("%w: %w", ErrEnding, err)
}

// endsIn returns the sessions that the changes end.
func endsIn(changes []store.Change) []store.ID {
	var ids []store.ID
	for _, c := range changes {
		if d, ok := c.(store.Delete); ok && d.Kind == session.Kind {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// refuse turns a session away from now on, in whatever state memory has it, until
// settle is called as often.
func (l *Live) refuse(id store.ID) {
	l.ending.Compute(id, func(asked int, _ bool) (int, xsync.ComputeOp) { return asked + 1, xsync.UpdateOp })
	if s, found := l.changed(id); found {
		s.end()
	}
}

// settle is for sessions of which the store knows again what is true.
func (l *Live) settle(ids []store.ID) {
	for _, id := range ids {
		l.drop(id)
		l.ending.Compute(id, func(asked int, _ bool) (int, xsync.ComputeOp) {
			if asked > 1 {
				return asked - 1, xsync.UpdateOp
			}
			return 0, xsync.DeleteOp
		})
	}
}

// drop takes a session out of memory and cuts what runs under it.
func (l *Live) drop(id store.ID) {
	l.discardFills(id)
	var dropped *Session
	l.sessions.Compute(id, func(s *Session, _ bool) (*Session, xsync.ComputeOp) {
		dropped = s
		return nil, xsync.DeleteOp
	})
	if dropped != nil {
		dropped.end()
	}
}

// discardFills makes every look-up that is under way start again. One that has
// seen no change yet may be putting down what it found at this very moment, so
// what follows must take the lock of the session's place in the map, as Compute
// does; Load, LoadAndDelete and the like do not wait.
func (l *Live) discardFills(id store.ID) { l.fills[id[len(id)-1]].Add(1) }

// changed discards look-ups and returns the session when it is in memory.
func (l *Live) changed(id store.ID) (*Session, bool) {
	l.discardFills(id)
	return l.sessions.Compute(id, func(s *Session, _ bool) (*Session, xsync.ComputeOp) { return s, xsync.CancelOp })
}

// tell brings memory up to date after a commit.
func (l *Live) tell(changes []store.Change) {
	for _, c := range changes {
		switch c := c.(type) {
		case store.Put:
			if c.Record.Kind == session.Kind {
				l.sessionChanged(c.Record)
			}
		case store.PutDocument:
			l.documentChanged(c.Document.Name)
		case store.DeleteDocument:
			l.documentChanged(c.Name)
		}
	}
}

// doubt is tell for a commit that failed and may have happened: people are looked
// up again. A session in memory only lacks its new tokens, which nobody was given.
func (l *Live) doubt(changes []store.Change) {
	for _, c := range changes {
		switch c := c.(type) {
		case store.PutDocument:
			l.documentChanged(c.Document.Name)
		case store.DeleteDocument:
			l.documentChanged(c.Name)
		}
	}
}

// sessionChanged takes over the record as it stands in the store after a Put.
func (l *Live) sessionChanged(record store.Record) {
	s, found := l.changed(record.ID)
	if !found {
		return
	}
	record.Version++
	state, err := session.Decode(record)
	if err != nil {
		l.options.OnError(err)
		l.drop(record.ID)
		return
	}
	s.refresh(state)
	s.use(state.Seen)
}

func (l *Live) documentChanged(name string) {
	if l.options.UserOf != nil {
		if id, ok := l.options.UserOf(name); ok {
			if p, found := l.people.Load(id); found {
				p.changed()
			}
		}
	}
	l.options.OnDocument(name)
}
