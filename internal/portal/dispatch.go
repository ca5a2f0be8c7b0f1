// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// dispatch decides what a browser does next, after any step of a login. No step
// calls another: each ends here or with an answer of its own.
//
//	nobody is signed in                the sign-in page
//	signed in, on the way to an app    on to the app's host
//	signed in, on the way to nowhere   the apps
//
// and, by dispatchArrival,
//
//	an app has said who it is          the page that asks
func (v *visit) dispatch(s *session.Session, returnTo string) {
	if s == nil {
		v.redirect(v.loginAddress(returnTo))
		return
	}
	if target, address, ok := v.destination(returnTo); ok {
		v.redirect(handoff.Begin(target, address))
		return
	}
	v.redirect(v.Origin + "/")
}

// dispatchArrival is dispatch where an app has said who somebody is, and nobody is signed
// in yet, or somebody else.
func (v *visit) dispatchArrival(id store.ID) {
	v.redirect(v.Origin + continuePath + "?" + url.Values{paramArrival: {id.String()}}.Encode())
}

// destination returns the app that an address leads to. An address that leads
// to none is no address: the person ends on the list of apps.
func (v *visit) destination(returnTo string) (handoff.Target, string, bool) {
	if returnTo == "" {
		return handoff.Target{}, "", false
	}
	target, address, err := v.Targets.Parse(returnTo)
	return target, address, err == nil
}

// loginAddress returns the address of the sign-in page, which holds nothing but
// where to go afterwards, and only when that is an app of ours.
func (v *visit) loginAddress(returnTo string) string {
	if _, address, ok := v.destination(returnTo); ok {
		return handoff.Login(v.Origin, address)
	}
	return v.Origin + handoff.LoginPath
}

// redirect sends the browser on, with GET, to an address built from configured ones.
func (v *visit) redirect(to string) {
	v.w.Header().Set("Location", to)
	v.w.WriteHeader(http.StatusSeeOther)
}
