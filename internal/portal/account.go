// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
)

const accountPath = "/account"

// account shows people who they are here.
func (v *visit) account(s *live.Session, user *identity.User) {
	v.showAccount(http.StatusOK, s.ID, user, pages.Account{})
}

// showAccount fills in what every page of an account has in common.
func (v *visit) showAccount(status int, current store.ID, user *identity.User, page pages.Account) {
	page.Site, page.User = v.site(), person(user)
	page.Email, page.Groups = user.Email, user.Groups
	page.Password = v.ownsPassword(user)
	others, err := v.others(current, user)
	if err != nil {
		v.failed(err) // the page says less, and is of use all the same
	}
	page.Others = len(others)
	if page.Access, err = v.shownTokens(user, page.Access); err != nil {
		v.failed(err) // as above
	}
	if page.RetryAfter > 0 {
		page.RequestID = v.arrival.ID
	}
	v.show(status, page)
}

// ownsPassword reports whether the person's password is kept here.
func (v *visit) ownsPassword(user *identity.User) bool {
	return v.Users != nil && user.Source == local.Source
}

// changePassword gives the person another password once they have proven that they
// know the current one: whoever finds an open browser must not be able to keep it.
func (v *visit) changePassword(s *live.Session, user *identity.User) {
	switch {
	case !v.form():
		return
	case !v.ownsPassword(user):
		v.notFound()
		return
	}
	changed, err := v.setPassword(user, v.r.PostForm.Get("current"), v.r.PostForm.Get("password"))
	if err != nil {
		v.passwordRefused(s, user, err)
		return
	}
	// The copies of this session end with it, also when the browser has gone.
	v.r = v.r.WithContext(context.WithoutCancel(v.r.Context()))
	v.record(audit.Event{Kind: audit.UserChanged, Session: s.ID, Reason: "password changed by the person"}, changed)
	v.passwordChanged(s, changed)
}

// errIncomplete means that a password was left empty.
var errIncomplete = errors.New("a password is missing")

// setPassword proves the person and stores the new password, even if the browser
// gives up waiting meanwhile.
func (v *visit) setPassword(user *identity.User, current, fresh string) (*identity.User, error) {
	if current == "" || fresh == "" {
		return nil, errIncomplete
	}
	proven, err := v.authenticate(user.Name, current)
	if err == nil && proven.ID != user.ID {
		err = identity.ErrWrong
	}
	if err != nil {
		return nil, err
	}
	return v.Users.SetPassword(context.WithoutCancel(v.r.Context()), user.Name, fresh)
}

// passwordRefused says why the password is as it was.
func (v *visit) passwordRefused(s *live.Session, user *identity.User, err error) {
	var throttled *throttle.Refused
	var invalid *local.InvalidError
	refuse := func(status int, page pages.Account) {
		page.KeepOthers = v.keepOthers()
		v.showAccount(status, s.ID, user, page)
	}
	switch {
	case errors.Is(err, errIncomplete):
		refuse(http.StatusUnprocessableEntity, pages.Account{Problem: pages.AccountIncomplete})
	case errors.As(err, &invalid):
		refuse(http.StatusUnprocessableEntity, pages.Account{Problem: passwordProblem(v.r.PostForm.Get("password"))})
	case errors.Is(err, identity.ErrWrong):
		v.record(audit.Event{Kind: audit.LoginFailed, Session: s.ID, Reason: "wrong current password"}, user)
		refuse(http.StatusUnprocessableEntity, pages.Account{Problem: pages.AccountWrong})
	case errors.As(err, &throttled):
		v.record(audit.Event{Kind: audit.LoginFailed, Session: s.ID, Reason: "too many attempts"}, user)
		refuse(http.StatusTooManyRequests, pages.Account{Problem: pages.AccountThrottled, RetryAfter: throttled.RetryAfter})
	case errors.Is(err, identity.ErrBusy):
		refuse(http.StatusServiceUnavailable, pages.Account{Problem: pages.AccountBusy, RetryAfter: busyRetry})
	case errors.Is(err, identity.ErrDisabled), errors.Is(err, identity.ErrUnknown), errors.Is(err, local.ErrRemoved):
		v.dispatch(nil, "") // the session is worth nothing any more
	default:
		v.failed(err)
		refuse(http.StatusServiceUnavailable, pages.Account{Problem: pages.AccountUnavailable, RetryAfter: retryAfter})
	}
}

// passwordProblem says what is wrong with a password that cannot be taken.
func passwordProblem(password string) pages.AccountProblem {
	switch {
	case len(password) > local.MaxPasswordBytes:
		return pages.AccountLong
	case utf8.RuneCountInString(password) < local.MinPasswordRunes:
		return pages.AccountShort
	}
	return pages.AccountControls
}

// keepOthers reports whether the person wants to stay signed in elsewhere.
func (v *visit) keepOthers() bool { return v.r.PostForm.Get("keep_others") != "" }

// passwordChanged ends the other sessions and revokes the access tokens, one of which may
// be why, unless the person says otherwise. This browser goes on with a new session in place of the
// one it had, of which somebody may have a copy; the apps' hosts take it over by
// hand-offs that nobody sees.
func (v *visit) passwordChanged(s *live.Session, user *identity.User) {
	page := pages.Account{Change: pages.AccountKept}
	var unfinished error
	if !v.keepOthers() {
		page.Change = pages.AccountEnded
		page.Ended, unfinished = v.endAllBut(s.ID, user, "password changed by the person")
		revoked, err := v.revokeAll(user, "password changed by the person")
		page.Revoked, unfinished = revoked, errors.Join(unfinished, err)
	}
	current := s.ID
	fresh, err := v.begin(user, session.Login{AMR: []string{"pwd"}, Remember: s.State().Remembered})
	switch {
	case errors.Is(err, errChanged):
		v.dispatch(nil, "")
		return
	case err == nil:
		current = fresh.ID
	}
	if err = errors.Join(unfinished, err); err != nil {
		v.failed(err)
		v.showAccount(http.StatusServiceUnavailable, current, user, pages.Account{Change: pages.AccountUnfinished, RetryAfter: retryAfter})
		return
	}
	v.showAccount(http.StatusOK, current, user, page)
}
