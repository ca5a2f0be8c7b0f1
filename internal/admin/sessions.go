// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// ErrBadQuestion means that what was asked makes no sense, whoever asks it and
// whatever the state; its text says why.
var ErrBadQuestion = errors.New("not possible")

// ListSessions returns the live sessions, oldest first.
func (a *Admin) ListSessions(ctx context.Context, f SessionFilter, now time.Time) ([]Session, error) {
	var filter store.Filter
	if f.User != "" {
		id, err := a.Users.ID(ctx, f.User)
		if err != nil {
			return nil, err
		}
		filter.Owner = id
	}
	if err := a.checkApp(f.App); err != nil {
		return nil, err
	}
	names, err := a.names(ctx)
	if err != nil {
		return nil, err
	}
	sessions := []Session{}
	for record, err := range a.Live.List(ctx, session.Kind, filter) {
		if err != nil {
			return nil, fmt.Errorf("listing sessions: %w", err)
		}
		s, err := session.Decode(record)
		if err != nil {
			return nil, err
		}
		if s.Expired(s.Seen, a.Limits, now) {
			continue
		}
		d := a.describe(s, names)
		if f.App == "" || slices.Contains(d.Apps, f.App) {
			sessions = append(sessions, d)
		}
	}
	return sessions, nil
}

// checkApp refuses the name of an app that does not exist: an empty list would
// say that nobody is signed in there.
func (a *Admin) checkApp(name string) error {
	if name == "" || slices.ContainsFunc(a.Apps, func(app App) bool { return app.Name == name }) {
		return nil
	}
	var names []string
	for _, app := range a.Apps {
		names = append(names, app.Name)
	}
	return fmt.Errorf("%w: there is no app %q: the apps are %q", ErrBadQuestion, name, names)
}

// names returns the names of all users by their IDs.
func (a *Admin) names(ctx context.Context) (map[string]string, error) {
	users, err := a.Users.List(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(users))
	for _, user := range users {
		names[user.ID] = user.Name
	}
	return names, nil
}

// RevokeSessions ends sessions, durably. [session.ErrNone] when there is none of
// that ID; an error that wraps live.ErrEnding when they are refused from now on and
// the store could not be told yet, which is retried.
func (a *Admin) RevokeSessions(ctx context.Context, r Revocation) (Revoked, error) {
	// Half of a lock-out is none: it goes on when the one who asked has gone.
	ctx = context.WithoutCancel(ctx)
	switch {
	case r == Revocation{}:
	case r == Revocation{ID: r.ID}:
		return a.revokeOne(ctx, r.ID)
	case r == Revocation{User: r.User}:
		return a.revokeUser(ctx, r.User)
	case r == Revocation{All: true}:
		return a.revokeAll(ctx)
	}
	return Revoked{}, fmt.Errorf("%w: name the ID of a session, a user, or all: exactly one of them", ErrBadQuestion)
}

func (a *Admin) revokeOne(ctx context.Context, id store.ID) (Revoked, error) {
	s, err := a.sessions().Get(ctx, id)
	if err != nil {
		return Revoked{}, err
	}
	if err := a.sessions().End(ctx, id); err != nil {
		return Revoked{}, err
	}
	event := audit.Event{Kind: audit.SessionsEnded, Session: id, Reason: "revoked" + byOperator, Count: 1}
	if user, err := a.Users.User(ctx, s.UserID); err == nil {
		event.User = user.Name
	}
	a.Audit.Record(event)
	return Revoked{1}, nil
}

func (a *Admin) revokeUser(ctx context.Context, name string) (Revoked, error) {
	id, err := a.Users.ID(ctx, name)
	if err != nil {
		return Revoked{}, err
	}
	if user, err := a.Users.User(ctx, id); err == nil {
		name = user.Name
	}
	n, err := a.sessions().EndAll(ctx, id, store.ID{})
	if n > 0 {
		a.Audit.Record(audit.Event{Kind: audit.SessionsEnded, User: name, Reason: "revoked" + byOperator, Count: n})
	}
	return Revoked{n}, err
}

func (a *Admin) revokeAll(ctx context.Context) (Revoked, error) {
	var (
		live, over []store.ID
		now        = time.Now()
	)
	for record, err := range a.Live.List(ctx, session.Kind, store.Filter{}) {
		if err != nil {
			return Revoked{}, fmt.Errorf("listing sessions: %w", err)
		}
		if s, err := session.Decode(record); err == nil && s.Over(now) {
			over = append(over, record.ID)
		} else {
			live = append(live, record.ID)
		}
	}
	n, failed := a.sessions().EndMany(ctx, live)
	// They open nothing, but nobody is to go on from them either.
	_, err := a.sessions().EndMany(ctx, over)
	failed = errors.Join(failed, err)
	if n > 0 {
		a.Audit.Record(audit.Event{Kind: audit.SessionsEnded, Reason: "all revoked" + byOperator, Count: n})
	}
	return Revoked{n}, failed
}
