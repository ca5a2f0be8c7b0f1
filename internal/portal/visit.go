// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	assetBase = "/assets"
	// maxForm bounds a form in bytes: a long return_to, a name, a password of 1 KB.
	maxForm = 64 << 10
	// retryAfter is when a browser that was told 503 may try again.
	retryAfter = 5 * time.Second
)

// errTwice means that the browser sends two cookies of our name, so that nobody
// knows which session it has, or whether a new one would count.
var errTwice = errors.New("two cookies of our name")

// current returns the session that the browser holds at the portal, or nothing.
func (v *visit) current() (*live.Session, *identity.User, error) {
	switch {
	case v.presented.Twice:
		return nil, nil, errTwice
	case !v.presented.OK:
		return nil, nil, nil
	}
	s, user, err := v.Live.Find(v.r.Context(), v.presented.Token, v.Origin, v.Limits, v.now)
	if errors.Is(err, session.ErrNone) || err == nil && !v.Vouchers.Stands(s.State(), user) {
		return nil, nil, nil
	}
	return s, user, err
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
	_, err := v.Sessions.Held(v.r.Context(), token, v.Origin)
	if errors.Is(err, session.ErrNone) {
		return store.ID{}, nil
	}
	return token.ID, err
}

// form reads the form of a POST, or answers and returns false.
func (v *visit) form() bool {
	if v.presented.Twice {
		v.cookieTrouble()
		return false
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if !urlEncoded(v.r.Header.Get("Content-Type")) || v.r.ParseForm() != nil {
		v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestForm, RequestID: v.arrival.ID})
		return false
	}
	return true
}

// urlEncoded reports whether a form of this type is as our pages send it. A POST
// without a body may come without a type.
func urlEncoded(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return contentType == "" || err == nil && mediaType == "application/x-www-form-urlencoded"
}

// site is what every page of the portal has in common.
func (v *visit) site() pages.Site {
	_, host, _ := strings.Cut(v.Origin, "://")
	return pages.Site{Portal: host, AssetBase: assetBase}
}

// siteTo is a site whose form may end on the host of the app at returnTo: some
// browsers hold the whole chain of redirects after a form to form-action, also where it
// leads through the hosts of companions.
func (v *visit) siteTo(returnTo string) pages.Site {
	site := v.site()
	if target, _, ok := v.destination(returnTo); ok {
		site.FormOrigins = []string{target.Origin()}
		for _, c := range v.app(target).Companions {
			site.FormOrigins = append(site.FormOrigins, c.Origin())
		}
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

// stuck answers when it cannot be known who is signed in.
func (v *visit) stuck(err error) {
	if errors.Is(err, errTwice) {
		v.cookieTrouble()
		return
	}
	v.unavailable(err)
}

// cookieTrouble tells a person why signing in and out does not work with this
// browser, instead of sending them round and round.
func (v *visit) cookieTrouble() {
	_, host, _ := strings.Cut(v.Origin, "://")
	v.show(http.StatusBadRequest, pages.CookieTrouble{
		Site:      v.site(),
		Host:      host,
		Cause:     pages.CookieTwice,
		RetryURL:  v.Origin + "/",
		RequestID: v.arrival.ID,
	})
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

// failed notes an error that the person sees only as a code. That they have gone
// away in the meantime is none of ours.
func (v *visit) failed(err error) {
	if errors.Is(err, context.Canceled) && v.r.Context().Err() != nil {
		return
	}
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
func (v *visit) returnTo() string {
	if v.r.Method == http.MethodPost {
		return v.r.PostForm.Get(handoff.ParamReturnTo)
	}
	return v.r.URL.Query().Get(handoff.ParamReturnTo)
}
