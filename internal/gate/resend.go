// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/store"
)

// resendStep is the page that asks whether a kept form is to be sent. Its own form
// drops it; the one that sends goes to the address that the kept form was for.
func (v *visit) resendStep() {
	switch v.r.Method {
	case http.MethodGet:
		v.askToResend()
	case http.MethodPost:
		v.dropForm()
	default:
		v.w.Header().Set("Allow", "GET, POST")
		pages.Plain(v.w, http.StatusMethodNotAllowed, v.arrival.ID)
	}
}

func (v *visit) askToResend() {
	if !handoff.Began(v.r) {
		// A prefetch must not destroy what is another person's.
		pages.Plain(v.w, http.StatusForbidden, v.arrival.ID)
		return
	}
	id, err := store.ParseID(v.arrival.URL.Query().Get(handoff.ParamForm))
	if err != nil {
		v.show(http.StatusNotFound, pages.NotFound{Site: v.site(), RequestID: v.arrival.ID})
		return
	}
	s, user, ok := v.insider(v.signIn)
	if !ok {
		return
	}
	form, err := v.Forms.Look(v.r.Context(), id, v.holder(s.State()))
	if err != nil {
		v.noForm(err)
		return
	}
	page := v.aboutForm(id, &form)
	page.User = person(user)
	v.show(http.StatusOK, page)
}

// aboutForm says what a form is without what is in it.
func (v *visit) aboutForm(id store.ID, form *resend.Form) pages.Resend {
	outline := form.Outline()
	page := pages.Resend{
		Site:       v.site(),
		App:        v.App.Name,
		Target:     shown(form.Address),
		Sent:       form.Sent,
		Count:      outline.Fields,
		Size:       len(form.Body),
		Action:     form.Address,
		DropAction: v.at.Base.EscapedPath() + handoff.Reserved + handoff.StepResend,
		Name:       resend.Field,
		Reference:  id.String(),
	}
	for _, n := range outline.Names {
		page.Fields = append(page.Fields, pages.FormField{Name: n.Name, File: n.File})
	}
	return page
}

// shown returns an address for people to read. A query may hold what is nobody's
// business.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	text := u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		text += "?…"
	}
	return text
}

// dropForm removes a form that its person does not want to send, and leads back to the
// page where it was filled in.
func (v *visit) dropForm() {
	if !v.sentHere() {
		v.refuseForeign(nil)
		return
	}
	body, err := io.ReadAll(io.LimitReader(v.r.Body, int64(resend.ConfirmationSize)+1))
	id, ok := resend.ParseConfirmation(body)
	if err != nil || !ok {
		v.render(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestForm, RequestID: v.arrival.ID})
		return
	}
	s, user, ok := v.insider(func() { v.signInTo(handoff.Resend(v.at.Target, id)) })
	if !ok {
		return
	}
	form, err := v.Forms.Drop(v.r.Context(), id, v.holder(s.State()))
	if err != nil {
		v.noForm(err)
		return
	}
	v.record(audit.Event{Kind: audit.FormDropped, Reason: "the person did not want to send it", Session: s.ID}, user)
	_, from, err := v.App.Targets.Parse(form.Referer)
	if err != nil {
		from = v.at.Home()
	}
	v.redirect(from)
}

// noForm answers when there is no form to look at, to send or to drop.
func (v *visit) noForm(err error) {
	page := pages.ResendGone{Site: v.site(), App: v.App.Name, HomeURL: v.at.Home(), RequestID: v.arrival.ID}
	switch {
	case errors.Is(err, resend.ErrForeign):
		page.Foreign = true
		v.record(audit.Event{Kind: audit.FormDropped, Reason: err.Error()}, nil)
	case !errors.Is(err, resend.ErrGone):
		v.unavailable(err)
		return
	}
	v.render(http.StatusGone, page)
}

// resend makes the confirmation the form that it confirms, for good: from here on the
// request is that form. It reports whether there is one; otherwise the request has been
// answered.
func (v *visit) resend(p *Pass, s *live.Session) bool {
	if s == nil {
		// The path is public and the session over.
		p.Release()
		v.signInTo(handoff.Resend(v.at.Target, v.form))
		return false
	}
	form, err := v.Forms.Redeem(v.r.Context(), v.form, v.holder(s.State()), v.address())
	if err != nil {
		p.Release()
		v.noForm(err)
		return false
	}
	v.record(audit.Event{Kind: audit.FormSent, Session: s.ID}, p.User)
	restore(p.Request, &form)
	return true
}
