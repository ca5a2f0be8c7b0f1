// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// code makes the one-time code that carries this login to an app's host.
func (v *visit) code() {
	query := v.r.URL.Query()
	challenge, ok := session.ParseChallenge(query.Get(handoff.ParamChallenge))
	target, returnTo, known := v.destination(query.Get(handoff.ParamReturnTo))
	switch {
	case !ok || !known:
		v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestReturn, RequestID: v.arrival.ID})
		return
	case v.r.Method != http.MethodGet || !handoff.Began(v.r):
		// A HEAD or a prefetch must write nothing.
		pages.Plain(v.w, http.StatusForbidden, v.arrival.ID)
		return
	}
	s, _, err := v.current()
	switch {
	case err != nil:
		v.stuck(err)
		return
	case s == nil:
		v.dispatch(nil, returnTo)
		return
	case s.State().Holds(challenge, target.Origin()):
		// The app's host has a token of this very session.
		v.redirect(returnTo)
		return
	}
	code, err := v.Codes.Make(v.r.Context(), handoff.Offer{
		Session:   s.ID,
		Origin:    target.Origin(),
		Challenge: challenge,
		ReturnTo:  returnTo,
	}, v.now)
	if err != nil {
		v.unavailable(err)
		return
	}
	v.redirect(handoff.Land(target, code))
}
