// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

const (
	assetBase = "/assets"
	// maxForm bounds a form in bytes: a long return_to, a name, a password of 1 KB.
	maxForm = 64 << 10
	// retryAfter is when a browser that was told 503 may try again.
	retryAfter = 5 * time.Second
)

// current returns the session that the browser holds at the portal, or nothing.
// It takes our cookie out of the request, so it is called once.
func (v *visit) current() (*live.Session, *identity.User, session.Presented, error) {
	presented := v.cookies.Take(v.r.Header)
	if !presented.OK {
		return nil, nil, presented, nil
	}
	s, user, err := v.Live.Find(v.r.Context(), presented.Token, v.Origin, v.Limits, v.now)
	if errors.Is(err, session.ErrNone) {
		return nil, nil, presented, nil
	}
	return s, user, presented, err
}

// form reads the form of a POST, or answers and returns false.
func (v *visit) form() bool {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestForm, RequestID: v.arrival.ID})
		return false
	}
	return true
}

// site is what every page of the portal has in common.
func (v *visit) site() pages.Site {
	_, host, _ := strings.Cut(v.Origin, "://")
	return pages.Site{Portal: host, AssetBase: assetBase}
}

// siteTo is a site whose form may end on the host of the app at returnTo: some
// browsers hold the whole chain of redirects after a form to form-action.
func (v *visit) siteTo(returnTo string) pages.Site {
	site := v.site()
	if target, _, ok := v.destination(returnTo); ok {
		site.FormOrigins = []string{target.Origin()}
	}
	return site
}

func (v *visit) show(status int, page pages.Page) {
	if err := pages.Render(v.w, status, page); err != nil {
		v.failed(err)
	}
}

// person is how pages address a user.
func person(u *identity.User) pages.Person {
	return pages.Person{Username: u.Name, Name: u.FullName}
}

// unavailable answers when the store or the source cannot.
func (v *visit) unavailable(err error) {
	v.failed(err)
	v.show(http.StatusServiceUnavailable, pages.Unavailable{Site: v.site(), RequestID: v.arrival.ID, RetryAfter: retryAfter})
}

// foreign answers a form that a page of another origin has sent.
func (v *visit) foreign() {
	v.record(audit.Event{Kind: audit.Denied, Reason: "form sent by a page of another origin"}, nil)
	v.show(http.StatusForbidden, pages.Forbidden{Site: v.site(), Reason: pages.ForbiddenForeign, RequestID: v.arrival.ID})
}

func (v *visit) notFound() {
	v.show(http.StatusNotFound, pages.NotFound{Site: v.site(), RequestID: v.arrival.ID})
}

func (v *visit) asset() { pages.ServeAsset(v.w, v.r) }

// failed notes an error that the person sees only as a code.
func (v *visit) failed(err error) {
	v.record(audit.Event{Kind: audit.Failure, Reason: err.Error()}, nil)
}

func (v *visit) record(e audit.Event, user *identity.User) {
	e.Address = v.arrival.Client
	e.Request = v.arrival.ID
	if user != nil {
		e.User = user.Name
	}
	v.Audit.Record(e)
}

// returnTo is where the person is going, as the request says; it is checked
// before anybody is sent there.
func (v *visit) returnTo() string { return v.r.FormValue(handoff.ParamReturnTo) }
