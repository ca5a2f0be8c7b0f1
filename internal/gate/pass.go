// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/live"
)

// Pass is a request that may go on. Release must be called when it is over, before
// the server's handler returns; again does nothing.
type Pass struct {
	// Request goes to the app, Writer takes its answer.
	Request *http.Request
	Writer  http.ResponseWriter
	// User is who the request comes from, or nil for nobody. Told is the same person
	// as the app knows them.
	User, Told *identity.User
	// Session is the session of User, or nil.
	Session *live.Session

	// leaving is set when the person signs out of the app with this request.
	leaving *leaving

	// watch is of a request by token, or nil.
	watch *tokenWatch

	// One piece of memory for all that the gate adds to a request.
	tie    live.Tie
	writer writer
	body   body
	lines  [maxLines]string
}

// Release ends the bond between the request and its session, and what the app has
// put into the header of an answer that it did not send, or behind one that it did.
func (p *Pass) Release() {
	if p.leaving != nil {
		p.leaving.unanswered()
	}
	p.writer.end()
	if p.writer.watch != nil {
		p.writer.watch.release()
	}
	if p.Session != nil {
		p.tie.Release()
	}
	if p.watch != nil {
		p.watch.release()
	}
}

// pass makes the request ready for the app. It answers false when the session
// is not the one that was found any more.
func (v *visit) pass(s *live.Session, user *identity.User, public bool) (*Pass, bool) {
	p := &Pass{Request: v.r, User: user, Session: s}
	p.writer = writer{ResponseWriter: v.w, gate: v.Gate, request: v.r, id: v.arrival.ID, identified: s != nil}
	p.Writer = &p.writer
	if s == nil {
		v.take(&p.writer, v.at.nobody)
		v.App.PHPRunner.clean(v.r)
		return p, true
	}
	p.tie.Terms = live.Terms{Limits: v.Limits, Passive: v.passive, Active: v.App.StreamsActive, Waits: waits(v.r)}
	if !s.TieTo(&p.tie, v.r.Context()) {
		return nil, false
	}
	p.writer.tie, p.writer.asked = &p.tie, v.asked
	v.tied = p
	view, err := v.view(s, user)
	switch {
	case isUnnamed(err) && public:
		p.tie.Release()
		v.tied = nil
		return v.pass(nil, nil, public)
	case isUnnamed(err):
		p.Release()
		v.unnamed(user, err)
		return nil, true
	case err != nil:
		p.Release()
		v.unavailable(err)
		return nil, true
	}
	p.Told = view.told
	view.apply(v.r.Header, &p.lines, s.State().End(s.Seen(), v.Limits))
	v.take(&p.writer, view.tag(v.at))
	v.App.PHPRunner.clean(v.r)
	if err := v.App.PHPRunner.add(v.r, view.told, v.at, v.Portal, v.now); err != nil {
		p.Release()
		v.unavailable(err)
		return nil, true
	}
	p.Request = v.r.WithContext(&p.tie)
	if v.r.Body != nil && v.r.Body != http.NoBody {
		p.body = body{v.r.Body, &p.tie}
		p.Request.Body = &p.body
	}
	return p, true
}
