// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"net/http"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	continuePath = "/continue"
	paramArrival = "arrival"
	// mostByWord bounds the sessions of a person beyond which an app begins no more of
	// them, where the operator has set no bound: whoever has its key never gets tired.
	mostByWord = 100
)

// askToContinue shows somebody whom an app has sent who it says they are.
func (v *visit) askToContinue() {
	id, s, user, ok := v.arrived(v.r.URL.Query().Get(paramArrival))
	if !ok || v.taken(id, s, user) {
		return
	}
	arrival, err := v.Arrivals.Look(v.r.Context(), id, v.presented.Token.Challenge())
	if err == nil {
		user, err = v.sent(arrival)
	}
	if err != nil {
		v.notContinued(arrival, user, err)
		return
	}
	page := pages.Continue{Site: v.siteTo(arrival.ReturnTo), User: person(user), App: arrival.App, Arrival: id.String(), ReturnTo: arrival.ReturnTo}
	for _, app := range v.Apps {
		if v.Vouchers.Opens(arrival.App, app.Name) && app.Policy.Admits(user, v.arrival.Client) {
			page.Apps = append(page.Apps, app.Name)
		}
	}
	v.show(http.StatusOK, page)
}

// goOn signs in somebody whom an app has sent, and who has said that it is them.
func (v *visit) goOn() {
	if !v.form() {
		return
	}
	id, s, user, ok := v.arrived(v.r.PostForm.Get(paramArrival))
	if !ok || v.taken(id, s, user) {
		return
	}
	arrival, err := v.Arrivals.Redeem(v.r.Context(), id, v.presented.Token.Challenge())
	if err == nil {
		user, err = v.sent(arrival)
	}
	var begun *session.Session
	if err == nil {
		begun, err = v.beginByWord(arrival, user)
	}
	if err != nil {
		v.notContinued(arrival, user, err)
		return
	}
	v.dispatch(begun, arrival.ReturnTo)
}

// arrived returns which arrival a request is about, and who is signed in at the browser.
// It answers and returns false where that cannot be known.
func (v *visit) arrived(name string) (store.ID, *live.Session, *identity.User, bool) {
	id, malformed := store.ParseID(name)
	s, user, err := v.current()
	switch {
	case err != nil:
		v.stuck(err)
		return id, nil, nil, false
	case malformed != nil && s == nil:
		v.notContinued(voucher.Arrival{}, nil, voucher.ErrNone)
		return id, nil, nil, false
	}
	return id, s, user, true
}

// taken answers a browser that has a live session, which stays: to the same person it is
// as if they had continued.
func (v *visit) taken(id store.ID, s *live.Session, user *identity.User) bool {
	if s == nil {
		return false
	}
	arrival, err := v.Arrivals.Peek(v.r.Context(), id)
	switch {
	case errors.Is(err, voucher.ErrNone), err == nil && arrival.UserID == user.ID:
		v.dispatch(s.State(), arrival.ReturnTo)
	case err != nil:
		v.unavailable(err)
	default:
		v.record(audit.Event{Kind: audit.WordRefused, App: arrival.App, Session: s.ID, Reason: "somebody else is signed in at this browser"}, user)
		page := pages.NotContinued{
			Site: v.site(), Problem: pages.ContinueTaken, User: person(user),
			GoOnURL: v.Origin + "/", ReturnTo: arrival.ReturnTo, RequestID: v.arrival.ID,
		}
		if arrival.ReturnTo != "" {
			page.GoOnURL = arrival.ReturnTo
		}
		v.show(http.StatusConflict, page)
	}
	return true
}

// sent returns the person of an arrival, as they are now.
func (v *visit) sent(arrival voucher.Arrival) (*identity.User, error) {
	user, err := v.Source.User(v.r.Context(), arrival.UserID)
	switch {
	case errors.Is(err, identity.ErrUnknown):
		return nil, errWord("token names nobody who has an account here")
	case err != nil:
		return nil, err
	}
	return user, v.vouched(arrival.App, user)
}

// beginByWord starts the session of somebody who has proven nothing. It ends no other one,
// is not remembered, and makes the browser no known one, in which passwords are guessed
// at by a counter of its own.
func (v *visit) beginByWord(arrival voucher.Arrival, user *identity.User) (*session.Session, error) {
	bound := v.PerUser
	if bound.Most <= 0 {
		bound.Most = mostByWord
	}
	return v.begin(user, session.Login{AMR: []string{voucher.AMR}, Via: arrival.App, Resume: true, PerUser: bound})
}

// notContinued says why there is no session.
func (v *visit) notContinued(arrival voucher.Arrival, user *identity.User, err error) {
	page := pages.NotContinued{Site: v.site(), ReturnTo: arrival.ReturnTo, RequestID: v.arrival.ID}
	status := http.StatusForbidden
	switch _, wrong := errors.AsType[errWord](err); {
	case errors.Is(err, voucher.ErrNone):
		page.Problem, status = pages.ContinueGone, http.StatusGone
	case errors.Is(err, session.ErrTooMany):
		page.Problem = pages.ContinueTooMany
	case errors.Is(err, errChanged):
	case !wrong:
		v.unavailable(err)
		return
	}
	if page.Problem != pages.ContinueGone || v.r.Method == http.MethodPost {
		// To look at nothing is refused to nobody, and would fill the log.
		v.record(audit.Event{Kind: audit.WordRefused, App: arrival.App, Reason: err.Error()}, user)
	}
	v.show(status, page)
}
