// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// errNotAllowed is the cause with which a stream's context is cancelled when its person may
// not open it any more.
var errNotAllowed = errors.New("person may not open this any more")

// streamWatch cuts a WebSocket or an event stream whose person may not open it any more,
// though their session goes on: they have lost a group, or the app by whose word they have
// come may not sign them in now. All other requests are asked about when they begin.
type streamWatch struct {
	gate  *Gate
	tie   *live.Tie
	asked policy.Facts
	id    string // of the request
	rounds
}

// watchStream begins to watch what the writer's app has begun to send.
func watchStream(w *writer) *streamWatch {
	s := &streamWatch{gate: w.gate, tie: w.tie, asked: w.asked, id: w.id}
	s.begin(s.look)
	return s
}

// look is for rounds.
func (s *streamWatch) look() (cut func()) {
	user, reason := s.refusal()
	if reason == "" {
		return nil
	}
	return func() {
		s.gate.Audit.Record(audit.Event{
			Kind: audit.Denied, App: s.gate.App.Name, Request: s.id, Session: s.tie.Session().ID, User: nameOf(user), Reason: "stream cut: " + reason,
		})
		s.tie.Cut(errNotAllowed)
	}
}

// refusal returns why the stream may not go on, or "". While nobody can tell it may.
func (s *streamWatch) refusal() (*identity.User, string) {
	state := s.tie.Session().State()
	user, err := s.gate.Live.Person(s.tie, state.UserID)
	switch {
	case errors.Is(err, identity.ErrUnknown):
		return nil, "nobody of that account is there any more"
	case err != nil:
		return nil, ""
	case !s.gate.Vouchers.Stands(state, user):
		return user, "the app " + state.Via + " may not sign this user in any more"
	}
	asked := s.asked
	asked.Barred = s.gate.Vouchers.Bars(state, s.gate.App.Name)
	if d := s.gate.App.Policy.Decide(user, asked); d.Verdict != policy.Allow || !d.Identify {
		return user, d.Reason
	}
	return user, ""
}

func nameOf(user *identity.User) string {
	if user == nil {
		return ""
	}
	return user.Name
}
