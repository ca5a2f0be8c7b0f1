// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store"
)

// attempt tries to tell an app and returns when to try again, or zero when the
// message is done with.
func (s *Sender) attempt(ctx context.Context, j job) (again time.Time) {
	now := time.Now()
	claimed, version, err := s.claim(ctx, j, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return time.Time{} // somebody else has told the app
	case err != nil:
		s.report(ctx, fmt.Errorf("app %q is not told of a logout yet: %w", j.app.Name, err))
		again = now.Add(s.limits.lease())
		// It is the store that fails, for all messages alike.
		s.count(j.app.Name, func(l *lane) { l.until = again })
		return again
	case version == 0:
		return time.UnixMilli(claimed.Due)
	}
	again = now.Add(time.UnixMilli(claimed.Due).Sub(now)) // on the clock that nobody sets
	j.attempts = claimed.Attempts

	status, err := s.post(ctx, j, claimed, now)
	switch {
	case err == nil && (status == http.StatusOK || status == http.StatusNoContent):
		s.told(j)
	case err == nil && status == http.StatusBadRequest:
		s.refused(j, claimed)
	case ctx.Err() != nil:
		return again // it may have been told, which is for the next to find out
	default:
		reason := fmt.Sprintf("it answered %d", status)
		if err != nil {
			reason = err.Error()
		}
		if !s.failed(j, claimed, reason) {
			// It is ours still, however soon that is.
			return time.Now().Add(s.limits.pause(claimed.Attempts))
		}
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.Timeout)
	defer cancel()
	if !s.remove(closing, j.id, version) {
		return again // which finds it gone, or tells the app once more
	}
	return time.Time{}
}

// claim makes the message ours until it is due again, and returns it with its new
// version. Version 0 means that it belongs to another node until it is due.
func (s *Sender) claim(ctx context.Context, j job, now time.Time) (m message, version uint64, err error) {
	for range rereads {
		record, err := s.store.Get(ctx, Kind, j.id)
		if err != nil {
			return message{}, 0, err
		}
		if m, err = decode(record); err != nil {
			return message{}, 0, err
		}
		due := time.UnixMilli(m.Due)
		if m.Attempts != j.attempts && due.After(now) && due.Sub(now) < s.limits.longest() {
			return m, 0, nil
		}
		m.Attempts++
		m.Due = now.Add(max(s.limits.lease(), s.limits.pause(m.Attempts))).UnixMilli()
		if record, err = m.record(record.Version); err != nil {
			return message{}, 0, err
		}
		err = s.store.Commit(ctx, store.Put{Record: record})
		if err == nil {
			return m, record.Version + 1, nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return message{}, 0, err
		}
	}
	return message{}, 0, store.ErrConflict
}

// post sends the message with a token of this moment.
func (s *Sender) post(ctx context.Context, j job, m message, now time.Time) (status int, err error) {
	token, err := j.config.Keys.SignLogout(j.app.Signer, keyring.Logout{
		Issuer:    j.config.Issuer,
		Subject:   m.User,
		Audience:  m.App,
		SessionID: m.Session.String(),
	}, now)
	if err != nil {
		return 0, err
	}
	return s.client.post(ctx, j.app.URL, token)
}

func (s *Sender) told(j job) {
	s.count(j.app.Name, func(l *lane) {
		l.stats.Told++
		l.failures, l.until = 0, time.Time{}
	})
}

// refused is for an app that has understood the message and will not act on it
// (Back-Channel Logout 1.0, section 2.8): another attempt would not change that.
func (s *Sender) refused(j job, m message) {
	s.count(j.app.Name, func(l *lane) {
		l.stats.Refused++
		l.failures, l.until = 0, time.Time{}
	})
	s.record(audit.Event{Kind: audit.BackchannelFailed, App: m.App, Session: m.Session, Reason: "it answered 400: it refuses the logout token"})
}

// failed notes that the app has failed, and reports whether to give the message up.
func (s *Sender) failed(j job, m message, reason string) (giveUp bool) {
	now := time.Now()
	var pause time.Duration
	waiting := 0
	giveUp = m.Attempts >= s.limits.MaxAttempts || now.Sub(m.ID.Time()) >= s.limits.MaxAge
	s.count(j.app.Name, func(l *lane) {
		l.stats.Failed++
		if giveUp {
			l.stats.Lost++
		}
		if now.Before(l.until) {
			return // of those that were on their way together, the first counts
		}
		l.failures++
		pause = s.limits.pause(l.failures)
		l.until = now.Add(pause)
		waiting = len(l.waiting) + l.sending
	})
	switch {
	case giveUp:
		s.record(audit.Event{Kind: audit.BackchannelFailed, App: m.App, Session: m.Session,
			Reason: fmt.Sprintf("given up after %d attempts: %s", m.Attempts, reason)})
	case pause > 0:
		s.record(audit.Event{Kind: audit.BackchannelDelayed, App: m.App, Count: waiting,
			Reason: fmt.Sprintf("%s; next attempt in %s", reason, pause.Round(time.Second))})
	}
	return giveUp
}
