// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package portal is the host where people sign in and out and see their apps. It
// takes a browser through the steps of a login, hands logins on to the apps'
// hosts, and publishes what apps need to verify assertions. Each step is a file;
// which step comes next is decided in dispatch.go alone.
//
// What the pages look like belongs to package pages, who people are to package
// identity, what a session is to package session.
package portal

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

// App is what the portal knows of an app.
type App struct {
	Name   string
	Target handoff.Target
	Policy *policy.Policy
	// Tokens says that the app lets scripts in by access tokens.
	Tokens bool
	// Companions are hosts of other apps, which this app's pages call: who lands at the
	// app is signed in there as well.
	Companions handoff.Targets
}

// Portal serves the portal's host. All fields are needed unless they say
// otherwise, and none changes once it serves.
type Portal struct {
	// Origin is the portal's URL, "https://login.example.com".
	Origin string
	// Apps are shown to those who may open them, in this order.
	Apps []App
	// Targets are the addresses of the apps: nobody is ever sent anywhere else.
	Targets handoff.Targets
	// Source knows the people, Throttle slows guessing down.
	Source   identity.Source
	Throttle *throttle.Throttle
	// Known reports whether somebody has this canonical name.
	Known func(ctx context.Context, name string) bool
	// Live finds sessions, Sessions starts and ends them, Codes hands them on.
	Live     *live.Live
	Sessions *session.Keeper
	Codes    *handoff.Codes
	Limits   session.Limits
	// Vouchers says which apps may sign people in by their word; nil, none. Arrivals keeps
	// whom they have sent.
	Vouchers voucher.Book
	Arrivals *voucher.Keeper
	// PerUser bounds how many sessions a person has; the zero value does not.
	PerUser session.PerUser
	// Tokens makes and revokes the access tokens of scripts.
	Tokens *accesstoken.Keeper
	// Users are the people whose passwords are kept here, who may change them; nil
	// where there are none.
	Users *local.Users
	// Setup makes the first account; nil where people come from elsewhere.
	Setup *Setup
	// Keys are published for those who verify assertions, KeyReaders who has fetched them.
	Keys       *keyring.Ring
	KeyReaders KeyReaders
	// Seal protects the cookie by which a browser is known.
	Seal *seal.Key
	// Healthy returns why the store would not accept a write, or nil.
	Healthy func(context.Context) error
	// Audit learns of each decision that matters.
	Audit audit.Sink

	handler http.Handler
}

// Arrival is what the server knows of a request besides the request itself.
type Arrival struct {
	// Client is the client's address, or the zero Addr where it is not known.
	Client netip.Addr
	// ID names the request on error pages and in logs.
	ID string
}

// Prepare makes the portal ready. It is called once, before Serve.
func (p *Portal) Prepare() {
	// A form of ours is sent by a page of ours, whatever cookies travel with it.
	guard := http.NewCrossOriginProtection()
	// Behind a load balancer the Host header may not be the portal's. Should the
	// origin be refused here, what the guard does without it is stricter.
	_ = guard.AddTrustedOrigin(p.Origin)
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.visit(w, r).foreign()
	}))
	p.handler = p.sameOrigin(guard.Handler(p.router()))
}

// sameOrigin refuses forms that say they come from anywhere but the portal, before what
// the guard makes of it: in an old browser that would take a page of the same host over
// plain http, which anybody on the way can write. "null" is for the guard; it is what
// our own forms say where a browser sends no referrer.
func (p *Portal) sameOrigin(next http.Handler) http.Handler {
	ours := func(line string) bool { return line == p.Origin || line == "null" }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lines := r.Header["Origin"]
		if r.Method != http.MethodGet && r.Method != http.MethodHead && (len(lines) > 1 || len(lines) == 1 && !ours(lines[0])) {
			p.visit(w, r).foreign()
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Serve answers a request for the portal's host. A panic is answered with 500.
func (p *Portal) Serve(w http.ResponseWriter, r *http.Request, a Arrival) {
	defer func() {
		if cause := recover(); cause != nil {
			p.panicked(w, a, cause)
		}
	}()
	p.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), arrivalKey{}, a)))
}

// arrivalKey finds the Arrival on the other side of the mux.
type arrivalKey struct{}

// visit is one request to the portal.
type visit struct {
	*Portal
	w       http.ResponseWriter
	r       *http.Request
	arrival Arrival
	cookies session.Cookies
	// presented and browserText are what the cookies of ours said. They are in the
	// request no more.
	presented   session.Presented
	browserText string
	now         time.Time
}

func (p *Portal) visit(w http.ResponseWriter, r *http.Request) *visit {
	a, _ := r.Context().Value(arrivalKey{}).(Arrival)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	v := &visit{
		Portal:  p,
		w:       w,
		r:       r,
		arrival: a,
		cookies: session.Cookies{Secure: strings.HasPrefix(p.Origin, "https://")},
		now:     time.Now(),
	}
	v.browserText = v.cookies.Browser(r)
	v.presented = v.cookies.Take(r.Header) // which takes the browser's as well
	return v
}
