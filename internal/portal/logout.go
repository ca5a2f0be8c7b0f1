// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/store"
)

const logoutPath = "/logout"

// logoutForm asks whoever is signed in, and tells everybody else that they are
// not. Looking at it changes nothing.
func (v *visit) logoutForm() {
	s, user, err := v.current()
	switch {
	case err != nil:
		v.stuck(err)
	case s != nil:
		v.show(http.StatusOK, pages.LogoutAsk{Site: v.siteTo(v.returnTo()), User: person(user), ReturnTo: v.knownReturnTo()})
	case v.Live.IsEnding(v.presented.Token.ID):
		v.logoutFailed()
	default:
		v.show(http.StatusOK, pages.LoggedOut{Site: v.site(), ReturnTo: v.knownReturnTo()})
	}
}

// logout ends the session on every host at once. The browser keeps its cookie
// until the end is stored, so that the person can try again.
func (v *visit) logout() {
	if !v.form() {
		return
	}
	s, user, err := v.current()
	if err != nil {
		v.stuck(err)
		return
	}
	if s != nil {
		v.end(s.ID, user)
		return
	}
	// Nobody is signed in with it, and yet it may be there.
	id, err := v.held()
	switch {
	case err != nil:
		v.unavailable(err)
	case v.Live.IsEnding(id):
		v.logoutFailed()
	default:
		v.end(id, nil)
	}
}

// end ends a session, if there is one, and says so once that is stored. It goes on
// when the browser has gone: whoever signs out closes the tab next. A browser that came
// from an app passes its host on the way, to clear what it keeps there.
func (v *visit) end(id store.ID, user *identity.User) {
	if !id.IsZero() {
		if err := v.Sessions.End(context.WithoutCancel(v.r.Context()), id); err != nil {
			v.failed(err)
			v.logoutFailed()
			return
		}
		v.record(audit.Event{Kind: audit.Logout, Session: id}, user)
	}
	v.cookies.Clear(v.w.Header())
	if target, address, ok := v.destination(v.returnTo()); ok && !id.IsZero() {
		v.redirect(handoff.Left(target, address))
		return
	}
	v.redirect(v.loggedOutAddress())
}

// logoutFailed is shown when the session is refused already and its end could
// not be stored yet. It must not say that the person is signed out.
func (v *visit) logoutFailed() {
	v.show(http.StatusServiceUnavailable, pages.LogoutFailed{
		Site:       v.siteTo(v.returnTo()),
		ReturnTo:   v.knownReturnTo(),
		RequestID:  v.arrival.ID,
		RetryAfter: retryAfter,
	})
}

// loggedOutAddress is where the page after a logout is, so that loading it
// again sends no form again.
func (v *visit) loggedOutAddress() string {
	if address := v.knownReturnTo(); address != "" {
		return v.Origin + logoutPath + "?" + url.Values{handoff.ParamReturnTo: {address}}.Encode()
	}
	return v.Origin + logoutPath
}

// knownReturnTo is returnTo when it leads to an app, and nothing otherwise.
func (v *visit) knownReturnTo() string {
	_, address, _ := v.destination(v.returnTo())
	return address
}
