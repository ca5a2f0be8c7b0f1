// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"net/url"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// opens reports whether a session opens an app, as far as that depends on who has begun it.
func (v *visit) opens(s *live.Session, app string) bool {
	return v.Vouchers.Bars(s.State(), app) == ""
}

// proven is a step for people who have proven who they are. The word of an app is not
// enough for it.
func proven(next personal) step {
	return signedIn(func(v *visit, s *live.Session, user *identity.User) {
		if s.State().Via != "" {
			v.closed(s, user, "", "")
			return
		}
		next(v, s, user)
	})
}

// closed answers somebody who is signed in by the word of an app where that is not enough:
// at a page of the portal, or at an app that is not one of those it opens.
func (v *visit) closed(s *live.Session, user *identity.User, app, returnTo string) {
	v.record(audit.Event{
		Kind: audit.Denied, App: app, Session: s.ID, Reason: v.Vouchers.Bars(s.State(), app),
	}, user)
	page := pages.Forbidden{
		Site: v.site(), User: person(user), App: app, Reason: pages.ForbiddenVouched,
		SwitchURL: v.Origin + logoutPath, RequestID: v.arrival.ID,
	}
	if returnTo != "" {
		page.SwitchURL += "?" + url.Values{handoff.ParamReturnTo: {returnTo}}.Encode()
	}
	v.show(http.StatusForbidden, page)
}
