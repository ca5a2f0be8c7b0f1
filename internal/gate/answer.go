// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
		AssetBase: v.at.Base.EscapedPath() + handoff.Reserved + strings.TrimSuffix(stepAssets, "/"),

		FrameOrigins: v.frameOrigins(),
	}
}

// frameOrigins returns whose pages may show the answer, which is nobody's business unless
// it fills a frame.
func (v *visit) frameOrigins() []string {
	if !v.App.Embedders.framed(v.r) {
		return nil
	}
	return v.App.Embedders
}

// show answers a navigation with a page and everything else with a plain text.
func (v *visit) show(status int, page pages.Page) {
	if !IsNavigation(v.r) {
		pages.Plain(v.w, status, v.arrival.ID, v.frameOrigins()...)
		return
	}
	v.render(status, page)
}

// render is show for what people see also where the browser does not say so: the answer
// to a form, what stands in a frame.
func (v *visit) render(status int, page pages.Page) {
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
	if v.App.Embedders.framed(v.r) {
		v.signInFrame()
		return
	}
	if !IsNavigation(v.r) {
		v.w.Header().Set("Cache-Control", "no-store")
		pages.Unauthorized(v.w, v.Portal, v.arrival.ID)
		return
	}
	v.signInTo(v.here())
}

// signInTo leads to the portal, and from there to an address of the app.
func (v *visit) signInTo(address string) {
	switch {
	case v.presented.Twice:
		v.cookieTrouble(address)
		return
	case !v.bindsHandoff():
		v.at.cookies.Set(v.w.Header(), session.NewNonce())
	}
	v.redirect(handoff.Login(v.Portal, address))
}

// bindsHandoff reports whether the browser has what ties a sign-in to it and is to stay:
// a nonce, with which other tabs may be on their way, or a good token of a session whose
// time is over, which tells who was here and lets a form in another tab be kept.
func (v *visit) bindsHandoff() bool {
	if !v.presented.OK || v.presented.Token.IsNonce() {
		return v.presented.OK
	}
	_, err := v.late()
	return err == nil
}

// here returns the address of the request on the app's own public address. One
// that is too long to be carried through the portal becomes the front page.
func (v *visit) here() string {
	address := v.at.origin + v.arrival.URL.EscapedPath()
	if v.arrival.URL.RawQuery != "" {
		address += "?" + plainQuery(v.arrival.URL.RawQuery)
	}
	_, address, err := v.App.Targets.Parse(address)
	if err != nil {
		return v.at.Home()
	}
	return address
}

// plainQuery escapes what browsers send in a query as it is, though a URL may not
// hold it (RFC 3986, section 3.4): `\` in the path of a file, and bytes beyond ASCII.
func plainQuery(raw string) string {
	odd := func(c byte) bool { return c == '\\' || c >= 0x7f }
	if !slices.ContainsFunc([]byte(raw), odd) {
		return raw
	}
	var b strings.Builder
	for i := range len(raw) {
		if odd(raw[i]) {
			fmt.Fprintf(&b, "%%%02X", raw[i])
		} else {
			b.WriteByte(raw[i])
		}
	}
	return b.String()
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
	return v.Portal + "/logout?" + url.Values{handoff.ParamReturnTo: {v.at.Home()}}.Encode()
}

func (v *visit) badPath(err error) {
	v.denied(nil, err.Error())
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestPath, RequestID: v.arrival.ID})
}

func (v *visit) forbid(user *identity.User, d policy.Decision) {
	if d.Barred {
		v.closed(user, d.Reason)
		return
	}
	v.denied(user, d.Reason)
	reason := pages.ForbiddenRule
	if d.Rule != nil && len(d.Rule.Addresses) > 0 {
		reason = pages.ForbiddenAddress
	}
	v.showForbidden(user, reason)
}

// closed answers somebody whom the app may be open to, though not by this session.
func (v *visit) closed(user *identity.User, why string) {
	v.denied(user, why)
	v.showForbidden(user, pages.ForbiddenVouched)
}

// unnamed answers when the app cannot be told who the person is.
func (v *visit) unnamed(user *identity.User, err error) {
	v.denied(user, err.Error())
	v.showForbidden(user, pages.ForbiddenUnnamed)
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
		page.User = person(user)
		page.SwitchURL = v.Portal + "/logout?" + url.Values{handoff.ParamReturnTo: {v.here()}}.Encode()
	}
	v.show(http.StatusForbidden, page)
}

// person is how pages call somebody.
func person(user *identity.User) pages.Person {
	return pages.Person{Username: user.Name, Name: user.FullName}
}

// unavailable answers when somebody who had to be asked could not answer. The
// cookie stays, so that nobody is signed out by a hiccup.
func (v *visit) unavailable(err error) {
	if v.r.Context().Err() == nil {
		// A client that has gone away is no failure of ours.
		v.failed(err)
	}
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(http.StatusServiceUnavailable, pages.Unavailable{Site: v.site(), RequestID: v.arrival.ID, RetryAfter: retryAfter})
}

// cookieTrouble ends what would be an endless walk between app and portal.
func (v *visit) cookieTrouble(retry string) {
	cause := pages.CookieMissing
	switch {
	case v.presented.Twice:
		cause = pages.CookieTwice
		v.at.cookies.ClearTwice(v.w.Header())
	case v.insecure():
		cause = pages.CookieInsecure
	}
	v.handoffRefused(errCookies)
	v.show(http.StatusBadRequest, pages.CookieTrouble{
		Site:      v.site(),
		Host:      v.at.Base.Host,
		Cause:     cause,
		RetryURL:  retry,
		RequestID: v.arrival.ID,
	})
}

// insecure reports whether the browser has opened an https address by plain http,
// where it keeps no cookie of ours. Behind a load balancer only the browser knows:
// it speaks of what it does where nobody listens, and nowhere else.
func (v *visit) insecure() bool {
	return v.at.cookies.Secure && v.r.TLS == nil && v.r.Header["Sec-Fetch-Mode"] == nil
}

var errCookies = errors.New("the browser does not send the cookie back")

// panicked answers a request on which the gate itself has failed.
func (v *visit) panicked(cause any, stack []byte) {
	if v.tied != nil {
		v.tied.Release()
	}
	v.failed(fmt.Errorf("panic: %v\n%s", cause, stack))
	pages.Plain(v.w, http.StatusInternalServerError, v.arrival.ID)
}
