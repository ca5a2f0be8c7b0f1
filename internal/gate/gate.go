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
	// Denied, if set, is told who has sent a request that is denied, so that the server's
	// own log names them as it does those who pass.
	Denied func(*http.Request, *identity.User)

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
