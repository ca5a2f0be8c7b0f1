// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// retryFirst and retryMost bound the pauses between the attempts to store an end.
const (
	retryFirst = 100 * time.Millisecond
	retryMost  = 10 * time.Second
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
		for _, id := range ends {
			l.forget(id)
		}
		l.tell(changes)
		return nil
	case len(ends) == 0:
		return err
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrConflict):
		// Nothing has happened. A session that is really gone will not be found;
		// one that still stands is looked up afresh.
		for _, id := range ends {
			l.forget(id)
		}
		return err
	}
	l.work.Go(func() { l.finish(ends) })
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

// refuse turns a session away from now on, in whatever state memory has it.
func (l *Live) refuse(id store.ID) {
	l.ending.Store(id, struct{}{})
	l.discardFills(id)
	if s, found := l.sessions.Load(id); found {
		s.end()
	}
}

// forget takes a session out of memory, refused or not.
func (l *Live) forget(id store.ID) {
	l.discardFills(id)
	if s, found := l.sessions.LoadAndDelete(id); found {
		s.end()
	}
	l.ending.Delete(id)
}

// discardFills makes every look-up that is under way start again.
func (l *Live) discardFills(id store.ID) { l.fills[id[len(id)-1]].Add(1) }

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

// sessionChanged takes over the record as it stands in the store after a Put.
func (l *Live) sessionChanged(record store.Record) {
	l.discardFills(record.ID)
	s, found := l.sessions.Load(record.ID)
	if !found {
		return
	}
	record.Version++
	state, err := session.Decode(record)
	if err != nil {
		l.options.OnError(err)
		l.forget(record.ID)
		return
	}
	s.refresh(state)
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

// finish stores the ends that a commit could not store, however long it takes.
func (l *Live) finish(ids []store.ID) {
	pause := retryFirst
	for len(ids) > 0 {
		select {
		case <-l.stopped.Done():
			l.options.OnError(fmt.Errorf("stopping with %d session ends not stored: %w", len(ids), ErrEnding))
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, retryMost)
		waiting := ids[:0]
		for _, id := range ids {
			err := l.Store.Commit(l.stopped, store.Delete{Kind: session.Kind, ID: id})
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				l.options.OnError(fmt.Errorf("session %s: %w: %w", id, ErrEnding, err))
				waiting = append(waiting, id)
				continue
			}
			l.forget(id)
		}
		ids = waiting
	}
}
