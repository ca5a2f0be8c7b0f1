// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// retryAfter is when a browser that was told 503 may try again.
const retryAfter = 5 * time.Second

// site is what the pages need to know of this host.
func (v *visit) site() pages.Site {
	return pages.Site{
		Portal:    strings.TrimPrefix(strings.TrimPrefix(v.Portal, "https://"), "http://"),
		PortalURL: v.Portal,
		AssetBase: v.target.Base.EscapedPath() + handoff.Reserved + strings.TrimSuffix(stepAssets, "/"),
	}
}

// show answers a navigation with a page and everything else with a plain text.
func (v *visit) show(status int, page pages.Page) {
	if !IsNavigation(v.r) {
		pages.Plain(v.w, status, v.arrival.ID)
		return
	}
	if err := pages.Render(v.w, status, page); err != nil {
		v.failed(err)
	}
}

// redirect sends the browser on, with GET (RFC 9110, section 15.4.4), to an
// address that was built from configured ones.
func (v *visit) redirect(to string) {
	h := v.w.Header()
	h.Set("Location", to)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	v.w.WriteHeader(http.StatusSeeOther)
}

// signIn answers a request that needs a session and has none. Only a navigation
// is led to the portal; a script could not follow, and gets no state either.
func (v *visit) signIn() {
	switch {
	case !IsNavigation(v.r):
		v.w.Header().Set("Cache-Control", "no-store")
		pages.Unauthorized(v.w, v.Portal, v.arrival.ID)
		return
	case v.presented.Twice:
		v.cookieTrouble(v.here())
		return
	case !v.presented.OK || !v.presented.Token.IsNonce():
		// A nonce that is there already stays: other tabs may be on their way with it.
		v.cookies(v.target).Set(v.w.Header(), session.NewNonce())
	}
	v.redirect(handoff.Login(v.Portal, v.here()))
}

// here returns the address of the request on the app's own public address. One
// that is too long to be carried through the portal becomes the front page.
func (v *visit) here() string {
	u := url.URL{Path: v.arrival.URL.Path, RawPath: v.arrival.URL.RawPath, RawQuery: v.arrival.URL.RawQuery}
	_, address, err := v.App.Targets.Parse(v.target.Origin() + u.RequestURI())
	if err != nil {
		return v.target.Home()
	}
	return address
}

func (v *visit) redirectToHTTPS() {
	if !IsNavigation(v.r) {
		v.w.Header().Set("Cache-Control", "no-store")
		pages.Unauthorized(v.w, v.Portal, v.arrival.ID)
		return
	}
	v.redirect(v.here())
}

func (v *visit) portalLogout() string {
	return v.Portal + "/logout?" + url.Values{handoff.ParamReturnTo: {v.target.Home()}}.Encode()
}

func (v *visit) badPath(err error) {
	v.denied(nil, err.Error())
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestPath, RequestID: v.arrival.ID})
}

func (v *visit) forbid(user *identity.User, d policy.Decision) {
	v.denied(user, d.Reason)
	reason := pages.ForbiddenRule
	if d.Rule != nil && len(d.Rule.Addresses) > 0 {
		reason = pages.ForbiddenAddress
	}
	v.showForbidden(user, reason)
}

// refuseForeign answers a request that a page of another origin has sent.
func (v *visit) refuseForeign(user *identity.User) {
	v.denied(user, "sent by a page of another origin")
	v.showForbidden(user, pages.ForbiddenForeign)
}

func (v *visit) showForbidden(user *identity.User, reason pages.ForbiddenReason) {
	v.w.Header().Set("Cache-Control", "no-store")
	page := pages.Forbidden{Site: v.site(), App: v.App.Name, Reason: reason, RequestID: v.arrival.ID}
	if user != nil {
		page.User = pages.Person{Username: user.Name, Name: user.FullName}
		page.SwitchURL = v.Portal + "/logout?" + url.Values{handoff.ParamReturnTo: {v.here()}}.Encode()
	}
	v.show(http.StatusForbidden, page)
}

// unavailable answers when somebody who had to be asked could not answer. The
// cookie stays, so that nobody is signed out by a hiccup.
func (v *visit) unavailable(err error) {
	v.failed(err)
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(http.StatusServiceUnavailable, pages.Unavailable{Site: v.site(), RequestID: v.arrival.ID, RetryAfter: retryAfter})
}

// cookieTrouble ends what would be an endless walk between app and portal.
func (v *visit) cookieTrouble(retry string) {
	cause := pages.CookieMissing
	switch {
	case v.presented.Twice:
		cause = pages.CookieTwice
	case v.target.Base.Scheme == "http":
		cause = pages.CookieInsecure
	}
	v.handoffRefused(errCookies)
	v.show(http.StatusBadRequest, pages.CookieTrouble{
		Site:      v.site(),
		Host:      v.target.Base.Host,
		Cause:     cause,
		RetryURL:  retry,
		RequestID: v.arrival.ID,
	})
}

var errCookies = errors.New("the browser does not send the cookie back")

// panicked answers a request on which the gate itself has failed.
func (g *Gate) panicked(w http.ResponseWriter, r *http.Request, a Arrival, cause any, stack []byte) {
	v := visit{Gate: g, w: w, r: r, arrival: a}
	v.failed(fmt.Errorf("panic: %v\n%s", cause, stack))
	w.Header().Set("Cache-Control", "no-store")
	pages.Plain(w, http.StatusInternalServerError, a.ID)
}
