// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// doorName is the name of the frame within the frame to which a tab sends its code. A tab
// that was opened by the frame finds it; for any other there is none of that name.
func doorName(challenge string) string { return "gatehouse-" + challenge[:12] }

// frameStep is the page in the tab. Who is signed in there gets a code for the frame that
// the challenge is of, and takes it there by a click: it goes through nothing but their own
// browser, and is worth something in the frame alone that holds the challenge's token. So
// somebody who is sent here by another's link gives nobody anything.
func (v *visit) frameStep() {
	query := v.arrival.URL.Query()
	challenge, ok := session.ParseChallenge(query.Get(handoff.ParamChallenge))
	target, page, err := v.App.Targets.Parse(query.Get(handoff.ParamReturnTo))
	switch {
	case !ok || err != nil:
		v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestReturn, RequestID: v.arrival.ID})
		return
	case !IsNavigation(v.r):
		pages.Plain(v.w, http.StatusForbidden, v.arrival.ID)
		return
	case target.Origin() != v.at.origin:
		v.redirect(page)
		return
	}
	s, user, ok := v.insider(func() { v.signInTo(handoff.Frame(v.at.Target, challenge, page)) })
	if !ok {
		return
	}
	code, err := v.Codes.Make(v.r.Context(), handoff.Offer{
		Session: s.ID, Origin: v.at.origin, Challenge: challenge, ReturnTo: page, Framed: true,
	}, v.now)
	if err != nil {
		v.unavailable(err)
		return
	}
	v.show(http.StatusOK, pages.FrameTab{
		Site:    v.site(),
		User:    person(user),
		App:     v.App.Name,
		Door:    doorName(challenge),
		URL:     handoff.Land(v.at.Target, code),
		PageURL: page,
	})
}

// door is what stands in the frame until the page does.
func (v *visit) door() {
	page := pages.FrameDoor{Site: v.site(), App: v.App.Name, PageURL: v.at.Home()}
	text := v.arrival.URL.Query().Get(handoff.ParamReturnTo)
	if text == "" {
		v.render(http.StatusOK, page)
		return
	}
	if _, to, err := v.App.Targets.Parse(text); err == nil {
		page.PageURL = to
	}
	s, _, err := v.find()
	if err != nil {
		v.unavailable(err)
		return
	}
	page.State = pages.DoorOpen
	if s == nil {
		page.State = pages.DoorRefused
	}
	v.render(http.StatusOK, page)
}

// goOn sends a browser on that has shown a code. In a frame it comes to the door first,
// since a page in the door would be a frame too deep.
func (v *visit) goOn(to string) {
	if v.App.Embedders.framed(v.r) {
		to = handoff.Door(v.at.Target, to)
	}
	v.redirect(to)
}
