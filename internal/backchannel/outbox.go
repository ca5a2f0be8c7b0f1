// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// rereads bounds how often an end is tried that meets a session which changes.
const rereads = 16

// outbox is the store with what is to be told written beside each end. It stands
// below the memory that refuses a session first and retries its end, so that every
// end, whoever asked for it and however often it was tried, brings its messages.
type outbox struct {
	store.Store
	sender *Sender
}

// Outbox returns the Sender's store for those who end sessions: a commit that
// deletes a session also queues what the session's apps are to be told. Closing it
// closes the store.
func (s *Sender) Outbox() store.Store { return &outbox{s.store, s} }

// Commit implements [store.Store].
func (o *outbox) Commit(ctx context.Context, changes ...store.Change) error {
	c := o.sender.current()
	if c == nil || len(c.Apps) == 0 || !slices.ContainsFunc(changes, endsSession) {
		return o.Store.Commit(ctx, changes...)
	}
	var before []uint64
	var conflict error
	for range rereads {
		d, err := o.draft(ctx, c, changes)
		if err != nil {
			return err
		}
		if slices.Equal(d.versions, before) {
			break // none of the sessions has changed: the conflict is another
		}
		conflict = o.Store.Commit(ctx, d.changes...)
		if conflict == nil {
			o.sender.queued(d)
			return nil
		}
		if !errors.Is(conflict, store.ErrConflict) {
			return conflict
		}
		before = d.versions
	}
	return conflict
}

func endsSession(change store.Change) bool {
	d, ok := change.(store.Delete)
	return ok && d.Kind == session.Kind
}

// startsFor finds the start of a session. Who comes back after their session has
// expired goes on in the apps, which were not told of that either.
func startsFor(userID string) func(store.Change) bool {
	return func(change store.Change) bool {
		p, ok := change.(store.Put)
		return ok && p.Record.Kind == session.Kind && p.Record.Owner == userID
	}
}

// draft is a commit with the messages of the sessions that it ends.
type draft struct {
	changes  []store.Change
	versions []uint64
	messages []message
	lost     []message
}

// draft reads the sessions that the changes end, and ties each end to the session
// as it was read: one that reaches another app meanwhile is read again.
func (o *outbox) draft(ctx context.Context, c *configured, changes []store.Change) (draft, error) {
	d := draft{changes: slices.Clone(changes)}
	for i, change := range changes {
		if !endsSession(change) {
			continue
		}
		end := change.(store.Delete)
		ended, err := o.session(ctx, end.ID)
		if err != nil {
			return d, err
		}
		if ended == nil {
			d.versions = append(d.versions, 0)
			continue
		}
		d.versions = append(d.versions, ended.Version)
		if end.Version == 0 {
			end.Version = ended.Version
			d.changes[i] = end
		}
		if ended.Over(time.Now()) && slices.ContainsFunc(changes, startsFor(ended.UserID)) {
			continue
		}
		if err := o.sender.tell(&d, c, ended); err != nil {
			return d, err
		}
	}
	return d, nil
}

// session returns the session that is to end, or nil where none can be read: its
// end matters more than who is told.
func (o *outbox) session(ctx context.Context, id store.ID) (*session.Session, error) {
	record, err := o.Get(ctx, session.Kind, id)
	if err == nil {
		var s *session.Session
		if s, err = session.Decode(record); err == nil {
			return s, nil
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case errors.Is(err, store.ErrCorrupt):
		o.sender.onError(err)
		return nil, nil
	}
	return nil, err
}

// tell adds to the draft what the apps that the session had reached are to be told.
func (s *Sender) tell(d *draft, c *configured, ended *session.Session) error {
	origins := ended.Origins()
	for _, app := range c.Apps {
		if !slices.ContainsFunc(app.Origins, func(o string) bool { return slices.Contains(origins, o) }) {
			continue
		}
		m := newMessage(app.Name, ended, time.Now())
		if s.full(app.Name) {
			d.lost = append(d.lost, m)
			continue
		}
		record, err := m.record(0)
		if err != nil {
			return err
		}
		d.messages = append(d.messages, m)
		d.changes = append(d.changes, store.Put{Record: record})
	}
	return nil
}

// queued takes over what a draft has brought into the store.
func (s *Sender) queued(d draft) {
	for _, m := range d.messages {
		s.note(m)
	}
	for _, m := range d.lost {
		s.lost(m.App)
		s.record(audit.Event{Kind: audit.BackchannelFailed, App: m.App, Session: m.Session, Reason: "not queued: too many messages wait for this app already"})
	}
	if len(d.messages) > 0 {
		s.Wake()
	}
}

// Healthy implements [store.Health].
func (o *outbox) Healthy(ctx context.Context) error {
	if h, ok := o.Store.(store.Health); ok {
		return h.Healthy(ctx)
	}
	return nil
}

// Stats implements [store.Meter].
func (o *outbox) Stats() store.Stats {
	if m, ok := o.Store.(store.Meter); ok {
		return m.Stats()
	}
	return store.Stats{}
}

var (
	_ store.Store  = (*outbox)(nil)
	_ store.Health = (*outbox)(nil)
	_ store.Meter  = (*outbox)(nil)
)
