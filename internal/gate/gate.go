// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package gate takes one request through the door of one app: it cleans it of
// what the client may not say, finds the session, asks the policy, and passes the
// request on with an identity, or answers it itself. It also owns the addresses
// below /.gatehouse/ on the app's host. Every error ends in an answer of its own;
// none lets a request through.
//
// Who may pass belongs to package policy, what a session is to package session,
// how a login travels between hosts to package handoff.
package gate

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

// Gate stands in front of one app. All fields are needed unless they say otherwise.
type Gate struct {
	App *App
	// Portal is the portal's origin.
	Portal string
	// Live finds sessions, Sessions ends them, Codes brings them to this host.
	Live     *live.Live
	Sessions *session.Keeper
	Codes    *handoff.Codes
	// Forms keeps what people send when their session has ended. It is not needed where
	// the app does not want that.
	Forms *resend.Keeper
	// Tokens finds the access tokens of scripts, Throttle counts wrong ones. They are not
	// needed where the app takes none.
	Tokens   *accesstoken.Keeper
	Throttle *throttle.Throttle
	// Keys sign assertions.
	Keys   *keyring.Ring
	Limits session.Limits
	// Vouchers says what sessions open that an app has begun. Without it they are none.
	Vouchers voucher.Book
	// Audit learns of each decision that matters.
	Audit audit.Sink
	// Tagger makes the tags by which the app's cookies belong to a person. It is not
	// needed where the app shares them.
	Tagger *appcookie.Tagger
	// MaxHeader tells how many bytes of a request's head the server reads, or 0 where that
	// is not known. Cookies of the app that would not fit there are not set. It is not
	// needed; then all are.
	MaxHeader func(*http.Request) int

	cleaner *Cleaner // for anybody
	proxied *Cleaner // for trusted proxies
	// overrides name another method than the request's.
	overrides nameSet
	places    []place
}

// Arrival is what the server knows of a request besides the request itself.
type Arrival struct {
	// Client is the client's address, or the zero Addr where it is not known.
	Client netip.Addr
	// URL is the request's address as the browser sent it, before any rewriting.
	URL *url.URL
	// ID names the request on error pages and in logs.
	ID string
	// Trusted says that the peer is a proxy whose word counts. What only such a proxy
	// may say about a request (Forwarded, X-Real-Ip) is removed otherwise.
	Trusted bool
}

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
	// passive says that the request is no use of its session.
	passive bool
	tied    *Pass
}

// Prepare makes the gate ready. It is called once, before Admit.
func (g *Gate) Prepare() {
	names := append(g.App.Headers.Names(), g.App.Strip...)
	if g.App.Policy.HasMethods() {
		names = append(names, policy.OverrideHeaders()...)
	}
	g.cleaner = NewCleaner(names, g.App.KeepAuthorization)
	g.proxied = NewProxyCleaner(names, g.App.KeepAuthorization)
	g.overrides = newNameSet(policy.OverrideHeaders())
	if len(g.App.Embedders) > 0 && g.Tagger != nil {
		g.Tagger = g.Tagger.Embedded()
	}
	g.places = newPlaces(g.App, g.Tagger)
}

// Admit takes the request through the gate. It returns the request as it goes on
// to the app, or nil when it has answered the request itself. A panic on the way
// is answered with 500 and never lets the request pass.
func (g *Gate) Admit(w http.ResponseWriter, r *http.Request, a Arrival) (pass *Pass) {
	// The wall clock alone, which is the one that apps compare assertions with;
	// the other one stops while a machine sleeps.
	v := visit{Gate: g, w: w, r: r, arrival: a, now: time.Now().Round(0)}
	defer func() {
		if cause := recover(); cause != nil {
			pass = nil
			v.panicked(cause, debug.Stack())
		}
	}()
	v.at = g.place(r, a.URL.Path)
	v.presented = v.at.cookies.Take(r.Header)
	if !g.App.Embedders.counts(g.App.Origins, r) {
		// The app's cookies are as ours here, whatever the app has said of them: where no
		// Lax one would have come, none of them has.
		v.presented = session.Presented{}
		delete(r.Header, "Cookie")
	}
	v.token = accesstoken.Take(r.Header)
	v.authorization = r.Header["Authorization"]
	g.clean(r, a.Trusted)
	return v.walk()
}

// clean takes out of the request what its peer may not say.
func (g *Gate) clean(r *http.Request, trusted bool) {
	cleaner := g.cleaner
	if trusted {
		cleaner = g.proxied
	}
	cleaner.Clean(r.Header)
	cleaner.CleanTrailer(r)
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
	leaves := v.leaves(asked)
	switch {
	case v.App.Policy.OwnAuth(asked.Path):
		v.leaveToApp(leaves)
	case v.withoutToken():
		return nil
	case v.showsToken():
		return v.byToken(asked)
	}
	v.passive = v.App.Passive.Cover(asked.Path)
	form, resends := v.confirmed()
	for {
		s, user, err := v.find()
		if err != nil {
			v.unavailable(err)
			return nil
		}
		asked.Barred = v.barred(s)
		decision := v.App.Policy.Decide(user, asked)
		switch decision.Verdict {
		case policy.Allow:
			if resends && asked.Barred != "" {
				// The path is anybody's, the form is not.
				v.closed(user, asked.Barred)
				return nil
			}
			found, person := s, user
			if !decision.Identify {
				s, user = nil, nil
			}
			if v.foreign() || resends && !v.sentHere() {
				v.refuseForeign(user)
				return nil
			}
			pass, ok := v.pass(s, user, decision.Public)
			if !ok {
				// The session has ended or moved since it was found; look again.
				continue
			}
			if resends && pass != nil && !v.resend(pass, found, form) {
				return nil
			}
			if leaves && found != nil && pass != nil {
				v.leave(pass, found.ID, person)
			}
			return pass
		case policy.SignIn:
			if leaves && v.leavesTab() {
				// Signing in, to be signed out on arrival, is not what they want.
				v.signOutHeld()
				return nil
			}
			switch {
			case v.App.Embedders.foreignUnsafe(v.App.Origins, v.r):
				v.refuseForeign(nil)
			case v.probesLink():
				v.answerProbe()
			case !v.keeps(form):
				v.signIn()
			}
			return nil
		default:
			v.forbid(user, decision)
			return nil
		}
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
	if errors.Is(err, session.ErrNone) || err == nil && !v.stands(s, user) {
		return nil, nil, nil
	}
	return s, user, err
}

// foreign reports whether a page of another origin has sent what it may not send.
func (v *visit) foreign() bool {
	return v.App.Origins.ForeignUpgrade(v.r) || (v.App.StrictOrigin && v.App.Origins.ForeignUnsafe(v.r))
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
