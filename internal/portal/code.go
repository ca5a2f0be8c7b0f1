// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// code makes the one-time code that carries this login to an app's host.
func (v *visit) code() {
	challenge, ok := session.ParseChallenge(v.r.URL.Query().Get(handoff.ParamChallenge))
	j, known := v.journey()
	switch {
	case !known || !ok && !j.passing:
		v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestReturn, RequestID: v.arrival.ID})
		return
	case v.r.Method != http.MethodGet || !handoff.Began(v.r):
		// A HEAD or a prefetch must write nothing.
		pages.Plain(v.w, http.StatusForbidden, v.arrival.ID)
		return
	}
	s, user, err := v.current()
	switch {
	case err != nil:
		v.stuck(err)
		return
	case s == nil:
		v.dispatch(nil, j.page)
		return
	case !j.passing && !v.opens(s, j.stop.App):
		v.closed(s, user, j.stop.App, j.page)
		return
	}
	onward := v.onward(j, s, user)
	if s.State().Holds(challenge, j.stop.Origin()) || j.passing && (!ok || !v.admits(j.stop, s, user)) {
		// The app's host has a token of this very session, or does without.
		v.redirect(onward)
		return
	}
	code, err := v.Codes.Make(v.r.Context(), v.offer(j, s.ID, challenge, onward), v.now)
	if err != nil {
		v.unavailable(err)
		return
	}
	v.redirect(handoff.Land(j.stop, code))
}

// offer is what the code of a journey's stop stands for.
func (v *visit) offer(j journey, id store.ID, challenge, onward string) handoff.Offer {
	o := handoff.Offer{Session: id, Origin: j.stop.Origin(), Challenge: challenge, ReturnTo: j.page, Passing: j.passing}
	switch {
	case j.passing:
		o.ReturnTo = onward
	case onward != j.page:
		o.Onward = onward
	}
	return o
}
