// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// maxDrain is how much of a body that is not kept is read all the same, in bytes. On
// HTTP/1 a browser that is still sending shows a broken connection and no page.
const maxDrain = 64 << 20

// keeps reports whether the request was a form of somebody whose session has ended by
// time, and has been answered: the form is kept while they sign in, or they have been
// told that it is not. One that is confirmed is kept already.
func (v *visit) keeps() bool {
	switch {
	case v.resends():
		v.signInTo(handoff.Resend(v.at.Target, v.form))
		return true
	case !v.sendsForm():
		return false
	}
	late, err := v.late()
	switch {
	case errors.Is(err, session.ErrNone):
		return false
	case err != nil:
		v.unavailable(err)
		return true
	}
	h := v.r.Header
	form := resend.Form{
		Address:     v.address(),
		ContentType: h.Get("Content-Type"),
		Origin:      h.Get("Origin"),
		Referer:     h.Get("Referer"),
	}
	id, err := v.Forms.Keep(v.r.Context(), v.holder(late), form, v.r.Body, v.r.ContentLength, v.now)
	if err != nil {
		v.refuseForm(err)
		return true
	}
	v.record(audit.Event{Kind: audit.FormKept, Session: late.ID}, nil)
	// The token stays. It ties the sign-in to this browser as well as a nonce, and
	// the form in another tab needs it.
	v.redirect(handoff.Login(v.Portal, handoff.Resend(v.at.Target, id)))
	return true
}

// sendsForm reports whether the request is a form of this host's own pages whose answer
// fills a tab, from a browser that has or had a session.
func (v *visit) sendsForm() bool {
	h := v.r.Header
	return v.App.KeepPosts && v.r.Method == http.MethodPost &&
		v.presented.OK && !v.presented.Token.IsNonce() &&
		v.leavesTab() && v.sentHere() &&
		len(h["Content-Type"]) == 1 && resend.IsForm(h["Content-Type"][0]) && len(h["Content-Encoding"]) == 0
}

// late returns the session that the browser has shown a good token of, when it is over
// by its limits and by nothing else. session.ErrNone: there is none.
func (v *visit) late() (*session.Session, error) {
	s, err := v.Sessions.Held(v.r.Context(), v.presented.Token, v.at.origin)
	if err == nil && !s.Expired(s.Seen, v.Limits, v.now) {
		return nil, session.ErrNone
	}
	return s, err
}

// holder is who may have a form back that is kept under the session.
func (v *visit) holder(s *session.Session) resend.Holder {
	return resend.Holder{UserID: s.UserID, Bond: s.Bond, Origin: v.at.origin}
}

// refuseForm tells somebody that their form is not kept, before they sign in and lose
// it.
func (v *visit) refuseForm(err error) {
	page := pages.NotKept{
		Site:      v.site(),
		App:       v.App.Name,
		MB:        resend.MaxSize >> 20,
		SignInURL: handoff.Login(v.Portal, v.at.Home()),
		RequestID: v.arrival.ID,
	}
	status := http.StatusServiceUnavailable
	switch {
	case isTooLarge(err):
		page.Reason, status = pages.NotKeptLarge, http.StatusRequestEntityTooLarge
	case errors.Is(err, resend.ErrFull):
		page.Reason = pages.NotKeptFull
	}
	if status != http.StatusRequestEntityTooLarge && v.r.Context().Err() == nil {
		v.failed(err)
	}
	if v.r.ProtoMajor == 1 {
		_, _ = io.CopyN(io.Discard, v.r.Body, maxDrain)
	}
	v.render(status, page)
}

// isTooLarge knows our own bound, and those that the server may have set before.
func isTooLarge(err error) bool {
	var tooMuch *http.MaxBytesError
	return errors.Is(err, resend.ErrLarge) || errors.As(err, &tooMuch)
}

// address returns the request's address as its browser wrote it.
func (v *visit) address() string {
	u := v.arrival.URL
	address := v.at.origin + u.EscapedPath()
	if u.RawQuery != "" || u.ForceQuery {
		address += "?" + plainQuery(u.RawQuery)
	}
	return address
}

// sentHere reports whether a page of this very origin has sent the request. The
// browser's own word counts; one that says nothing must name the origin.
func (v *visit) sentHere() bool {
	site, origin := v.r.Header["Sec-Fetch-Site"], v.r.Header["Origin"]
	if len(site) == 0 {
		return len(origin) == 1 && origin[0] == v.at.origin
	}
	// A page without a referrer sends "null" (Fetch, section 3.2).
	return len(site) == 1 && site[0] == "same-origin" &&
		(len(origin) == 0 || len(origin) == 1 && slices.Contains([]string{v.at.origin, "null"}, origin[0]))
}
