// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	accessPath = "/account/tokens"
	// accessDays is what the form offers.
	accessDays = 90
	day        = 24 * time.Hour
)

// changeTokens makes an access token for scripts, or revokes one.
func (v *visit) changeTokens(s *live.Session, user *identity.User) {
	switch {
	case !v.form():
	case v.r.PostForm.Has("revoke"):
		v.revokeToken(s, user, v.r.PostForm.Get("revoke"))
	default:
		v.makeToken(s, user)
	}
}

// makeToken makes what the form asks for, once the person has proven that they know their
// password: whoever finds an open browser must not carry away a key that outlives it.
func (v *visit) makeToken(s *live.Session, user *identity.User) {
	grant, token, err := v.newToken(user)
	if err != nil {
		v.tokenRefused(s, user, err)
		return
	}
	v.record(audit.Event{Kind: audit.TokenMade, Session: s.ID, Reason: fmt.Sprintf("access token %s for %q", grant.ID, grant.Apps)}, user)
	v.showAccount(http.StatusOK, s.ID, user, pages.Account{Access: pages.AccountTokens{Made: token.Text(), MadeLabel: grant.Name}})
}

// errNoTokens means that the person is offered no app for which a token could be.
var errNoTokens = errors.New("no app takes access tokens of the person")

func (v *visit) newToken(user *identity.User) (*accesstoken.Grant, accesstoken.Token, error) {
	form := v.r.PostForm
	label, apps, current := form.Get("label"), form["app"], form.Get("current")
	days, malformed := strconv.Atoi(form.Get("days"))
	switch {
	case label == "" || len(apps) == 0 || current == "":
		return nil, accesstoken.Token{}, errIncomplete
	case malformed != nil || days < 1 || days > int(accesstoken.MaxLifetime/day):
		return nil, accesstoken.Token{}, errDays
	}
	offered := v.tokenApps(user)
	for _, app := range apps {
		if !slices.Contains(offered, app) {
			return nil, accesstoken.Token{}, errNoTokens
		}
	}
	proven, err := v.authenticate(user.Name, current)
	if err == nil && proven.ID != user.ID {
		err = identity.ErrWrong
	}
	if err != nil {
		return nil, accesstoken.Token{}, err
	}
	slices.Sort(apps)
	return v.Tokens.Make(v.r.Context(), accesstoken.Wish{
		UserID: user.ID, Name: label, Apps: slices.Compact(apps), Lifetime: time.Duration(days) * day,
	}, v.now)
}

// errDays means that a token would live for longer than it may, or not at all.
var errDays = errors.New("not a number of days for which an access token may live")

// tokenRefused says why there is no new token.
func (v *visit) tokenRefused(s *live.Session, user *identity.User, err error) {
	refuse := func(status int, problem pages.TokenProblem, after time.Duration) {
		page := pages.Account{RetryAfter: after}
		page.Access = pages.AccountTokens{Problem: problem, Label: v.r.PostForm.Get("label")}
		page.Access.Days, _ = strconv.Atoi(v.r.PostForm.Get("days"))
		v.showAccount(status, s.ID, user, page)
	}
	var throttled *throttle.Refused
	switch {
	case errors.Is(err, errNoTokens):
		v.notFound()
	case errors.Is(err, errIncomplete):
		refuse(http.StatusUnprocessableEntity, pages.TokenIncomplete, 0)
	case errors.Is(err, errDays):
		refuse(http.StatusUnprocessableEntity, pages.TokenDays, 0)
	case errors.Is(err, accesstoken.ErrInvalid):
		refuse(http.StatusUnprocessableEntity, pages.TokenLabel, 0)
	case errors.Is(err, accesstoken.ErrTooMany):
		refuse(http.StatusUnprocessableEntity, pages.TokenTooMany, 0)
	case errors.Is(err, identity.ErrWrong):
		v.record(audit.Event{Kind: audit.LoginFailed, Session: s.ID, Reason: "wrong password for an access token"}, user)
		refuse(http.StatusUnprocessableEntity, pages.TokenWrong, 0)
	case errors.As(err, &throttled):
		v.record(audit.Event{Kind: audit.LoginFailed, Session: s.ID, Reason: "too many attempts"}, user)
		refuse(http.StatusTooManyRequests, pages.TokenThrottled, throttled.RetryAfter)
	case errors.Is(err, identity.ErrBusy):
		refuse(http.StatusServiceUnavailable, pages.TokenBusy, busyRetry)
	case errors.Is(err, identity.ErrDisabled), errors.Is(err, identity.ErrUnknown):
		v.dispatch(nil, "") // the session is worth nothing any more
	default:
		v.failed(err)
		refuse(http.StatusServiceUnavailable, pages.TokenUnavailable, retryAfter)
	}
}

// revokeToken ends a token of the person, even if the browser has gone. What is somebody
// else's is as unknown as what never was.
func (v *visit) revokeToken(s *live.Session, user *identity.User, name string) {
	refuse := func(status int, problem pages.TokenProblem, after time.Duration) {
		v.showAccount(status, s.ID, user, pages.Account{Access: pages.AccountTokens{Problem: problem}, RetryAfter: after})
	}
	id, malformed := store.ParseID(name)
	if malformed != nil {
		refuse(http.StatusNotFound, pages.TokenGone, 0)
		return
	}
	_, err := v.Tokens.Revoke(context.WithoutCancel(v.r.Context()), user.ID, id)
	switch {
	case errors.Is(err, accesstoken.ErrNone):
		refuse(http.StatusNotFound, pages.TokenGone, 0)
		return
	case errors.Is(err, accesstoken.ErrRevoking):
		v.failed(err)
		refuse(http.StatusServiceUnavailable, pages.TokenRevoking, retryAfter)
		return
	case err != nil:
		v.unavailable(err)
		return
	}
	v.record(audit.Event{Kind: audit.TokenRevoked, Session: s.ID, Reason: fmt.Sprintf("access token %s revoked by the person", id), Count: 1}, user)
	v.redirect(v.Origin + accountPath)
}

// revokeAll revokes all tokens of a person whose password may be known to somebody.
func (v *visit) revokeAll(user *identity.User, why string) (int, error) {
	n, err := v.Tokens.RevokeAll(context.WithoutCancel(v.r.Context()), user.ID)
	if n > 0 {
		v.record(audit.Event{Kind: audit.TokenRevoked, Reason: why, Count: n}, user)
	}
	return n, err
}

// tokenApps returns the apps that take tokens and that the person may open.
func (v *visit) tokenApps(user *identity.User) (names []string) {
	for _, app := range v.Apps {
		if app.Tokens && app.Policy.Admits(user, v.arrival.Client) {
			names = append(names, app.Name)
		}
	}
	return names
}

// shownTokens fills in what a page says of access tokens.
func (v *visit) shownTokens(user *identity.User, access pages.AccountTokens) (pages.AccountTokens, error) {
	if access.Days < 1 {
		access.Days = accessDays
	}
	access.MaxDays = int(accesstoken.MaxLifetime / day)
	chosen := v.r.PostForm["app"]
	for _, app := range v.tokenApps(user) {
		access.Apps = append(access.Apps, pages.TokenApp{Name: app, Chosen: access.Made == "" && slices.Contains(chosen, app)})
	}
	all, err := v.Tokens.ByUser(v.r.Context(), user.ID)
	for _, grant := range slices.Backward(all) {
		shown := pages.AccessToken{
			ID: grant.ID.String(), Label: grant.Name, Apps: grant.Apps, Created: grant.Created.Local(), Expires: grant.Expires.Local(),
		}
		if !grant.Used.IsZero() {
			shown.Used = grant.Used.Local()
		}
		access.Tokens = append(access.Tokens, shown)
	}
	access.Shown = len(access.Apps)+len(access.Tokens) > 0 || access.Problem != ""
	return access, err
}
