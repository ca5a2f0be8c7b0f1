// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"net/http"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// visit is one request on its way through the gate.
type visit struct {
	*Gate
	w         http.ResponseWriter
	r         *http.Request
	arrival   Arrival
	at        *place
	presented session.Presented
	token     accesstoken.Presented
	// authorization is what the client has sent in that header, less our own tokens.
	authorization []string
	now           time.Time
	// asked is what the policy is asked about the request.
	asked policy.Facts
	// passive says that the request is no use of its session, signsOut that with it the
	// person signs out of the app.
	passive, signsOut bool
	// form is the kept form that the request confirms, or zero.
	form store.ID
	tied *Pass
}

// walk is the order of the steps; each either settles the request or leaves it
// to the next.
func (v *visit) walk() *Pass {
	if v.App.Redirects && v.r.TLS == nil {
		v.redirectToHTTPS()
		return nil
	}
	if step, ok := v.reservedStep(); ok {
		v.reserved(step)
		return nil
	}
	asked, err := facts(v.r, v.arrival.Client)
	if err != nil {
		v.badPath(err)
		return nil
	}
	v.asked = asked
	if v.App.PassPreflight && isPreflight(v.r, v.overrides) {
		return v.preflight(asked)
	}
	v.signsOut = v.leaves(asked)
	switch {
	case v.App.Policy.OwnAuth(asked.Path):
		v.leaveToApp()
	case v.stripsLogin():
		return nil
	case v.showsToken():
		return v.byToken(asked)
	}
	v.passive = v.App.Passive.Cover(asked.Path)
	v.form = v.confirmed()
	for {
		if pass, ok := v.ask(); ok {
			return pass
		}
	}
}

// ask asks the policy about whoever the request comes from. It answers false when that
// has changed meanwhile, and is to be asked again.
func (v *visit) ask() (*Pass, bool) {
	s, user, err := v.find()
	if err != nil {
		v.unavailable(err)
		return nil, true
	}
	asked := v.asked
	if s != nil {
		asked.Barred = v.barred(s)
	}
	decision := v.App.Policy.Decide(user, asked)
	switch {
	case decision.Verdict == policy.SignIn:
		v.askToSignIn()
	case decision.Verdict != policy.Allow:
		v.forbid(user, decision)
	case v.resends() && asked.Barred != "":
		// The path is anybody's, the form is not.
		v.closed(user, asked.Barred)
	default:
		return v.allowed(s, user, decision)
	}
	return nil, true
}

// allowed lets the request pass that the policy allows, unless what sends it may not. It
// answers false like ask.
func (v *visit) allowed(s *live.Session, user *identity.User, d policy.Decision) (*Pass, bool) {
	found, owner := s, user
	if !d.Identify {
		s, user = nil, nil
	}
	if v.foreign() || v.resends() && !v.sentHere() {
		v.refuseForeign(user)
		return nil, true
	}
	pass, ok := v.pass(s, user, d.Public)
	if pass == nil || v.resends() && !v.resend(pass, found) {
		return nil, ok
	}
	if v.signsOut && found != nil {
		v.leave(pass, found.ID, owner)
	}
	return pass, true
}

// askToSignIn answers a request that needs a session and has none.
func (v *visit) askToSignIn() {
	switch {
	case v.signsOut && v.leavesTab():
		// Signing in, to be signed out on arrival, is not what they want.
		v.signOutHeld()
	case v.App.Embedders.foreignUnsafe(v.App.Origins, v.r):
		v.refuseForeign(nil)
	case v.probesLink():
		v.answerProbe()
	case !v.keeps():
		v.signIn()
	}
}

// find returns the session of the request, or nothing when there is none.
func (v *visit) find() (*live.Session, *identity.User, error) {
	if !v.presented.OK {
		return nil, nil, nil
	}
	var s *live.Session
	var user *identity.User
	var err error
	if v.passive {
		s, user, err = v.Live.Look(v.r.Context(), v.presented.Token, v.at.origin, v.Limits, v.now)
	} else {
		s, user, err = v.Live.Find(v.r.Context(), v.presented.Token, v.at.origin, v.Limits, v.now)
	}
	if errors.Is(err, session.ErrNone) || err == nil && !v.Vouchers.Stands(s.State(), user) {
		return nil, nil, nil
	}
	return s, user, err
}

// foreign reports whether a page of another origin has sent what it may not send.
func (v *visit) foreign() bool {
	return v.App.Origins.ForeignUpgrade(v.r) || (v.App.StrictOrigin && v.App.Origins.ForeignUnsafe(v.r))
}

// barred returns why a session does not open this app, whatever its person may, or "".
func (v *visit) barred(s *live.Session) string { return v.Vouchers.Bars(s.State(), v.App.Name) }

// insider returns whose session the request shows, and false where it has answered:
// nobody is asked to sign in, and somebody whose session does not open the app is told.
func (v *visit) insider(signIn func()) (*live.Session, *identity.User, bool) {
	s, user, err := v.find()
	switch {
	case err != nil:
		v.unavailable(err)
		return nil, nil, false
	case s == nil:
		signIn()
		return nil, nil, false
	}
	if why := v.barred(s); why != "" {
		v.closed(user, why)
		return nil, nil, false
	}
	return s, user, true
}
