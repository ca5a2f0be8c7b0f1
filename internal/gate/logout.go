// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"net/http"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// logout leads to the portal, which asks, or ends the session at once when a
// page of this very host posts.
func (v *visit) logout() {
	switch v.r.Method {
	case http.MethodGet:
		v.redirect(v.portalLogout())
		return
	case http.MethodPost:
	default:
		v.w.Header().Set("Allow", "GET, POST")
		pages.Plain(v.w, http.StatusMethodNotAllowed, v.arrival.ID)
		return
	}
	if v.App.Origins.ForeignUnsafe(v.r) {
		v.refuseForeign(nil)
		return
	}
	s, user, err := v.find()
	switch {
	case err != nil:
		v.unavailable(err)
	case s != nil:
		v.signOut(s.ID, user)
	default:
		v.signOutHeld()
	}
}

// signOutHeld is signOut for a browser with which nobody is signed in, and whose
// session may be there all the same.
func (v *visit) signOutHeld() {
	id, err := v.held()
	switch {
	case err != nil:
		v.unavailable(err)
	case v.Live.IsEnding(id):
		v.logoutFailed()
	default:
		v.signOut(id, nil)
	}
}

// signOut ends the session, if there is one, and leads to the page that says so
// once that is stored.
func (v *visit) signOut(id store.ID, user *identity.User) {
	if err := v.end(id, user); err != nil {
		v.logoutFailed()
		return
	}
	v.at.cookies.Clear(v.w.Header())
	v.disown()
	v.redirect(v.portalLogout())
}

// end ends the session, if there is one. It goes on when the browser has gone:
// whoever signs out closes the tab next.
func (v *visit) end(id store.ID, user *identity.User) error {
	if id.IsZero() {
		return nil
	}
	if err := v.Sessions.End(context.WithoutCancel(v.r.Context()), id); err != nil {
		v.failed(err)
		return err
	}
	v.loggedOut(id, user)
	return nil
}

// held returns the session of which the browser has shown a good token, whether
// or not the session may be used now: one that was idle for too long, or whose
// person is disabled, is there until it is ended. A selector alone finds nothing,
// unless its session is being ended anyway.
func (v *visit) held() (store.ID, error) {
	token := v.presented.Token
	switch {
	case !v.presented.OK || token.IsNonce():
		return store.ID{}, nil
	case v.Live.IsEnding(token.ID):
		return token.ID, nil
	}
	_, err := v.Sessions.Held(v.r.Context(), token, v.at.origin)
	if errors.Is(err, session.ErrNone) {
		return store.ID{}, nil
	}
	return token.ID, err
}

// logoutFailed answers when the end of a session could not be stored. The person
// is told that, and never that they are signed out.
func (v *visit) logoutFailed() {
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(http.StatusServiceUnavailable, pages.LogoutFailed{Site: v.site(), RequestID: v.arrival.ID, RetryAfter: retryAfter})
}
