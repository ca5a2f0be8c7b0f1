// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
)

// amrToken is the `amr` of a request by token: nobody has proven anything just now.
const amrToken = "token"

// errDisabled means that a token is right, and that its person may not sign in.
var errDisabled = errors.New("access token of somebody who is disabled")

// showsToken reports whether the request is a script's, which says who it is by a token.
// One that brings a cookie of ours as well is a browser's and goes by its session: of two
// people in one request the gate never picks one.
func (v *visit) showsToken() bool {
	return v.App.Tokens && v.token.Came && !v.presented.OK && !v.presented.Twice
}

// byToken takes the request of a script through the gate. It has no session, so it is no
// use of one, gets no cookie, and is never led to a sign-in.
func (v *visit) byToken(asked policy.Facts) *Pass {
	// What a jar has gathered may be another person's session at the app.
	delete(v.r.Header, "Cookie")
	grant, user, err := v.grant(v.r.Context())
	switch {
	case errors.Is(err, accesstoken.ErrNone), errors.Is(err, errDisabled):
		v.wrongToken(user, err)
		return nil
	case err != nil:
		v.unavailable(err)
		return nil
	case !grant.IsFor(v.App.Name):
		v.denied(user, "access token for other apps")
		pages.TokenForbidden(v.w, v.Portal, v.arrival.ID, pages.TokenScope)
		return nil
	}
	decision := v.App.Policy.Decide(user, asked)
	switch {
	case decision.Verdict != policy.Allow:
		v.denied(user, decision.Reason)
		pages.TokenForbidden(v.w, v.Portal, v.arrival.ID, pages.TokenDenied)
		return nil
	case v.foreign():
		v.refuseForeign(user)
		return nil
	case !decision.Identify:
		return v.passCookieless()
	}
	return v.passByToken(grant, user, decision.Public)
}

// grant returns what the token of the request opens, and whose it is.
func (v *visit) grant(ctx context.Context) (*accesstoken.Grant, *identity.User, error) {
	if !v.token.OK {
		return nil, nil, accesstoken.ErrNone
	}
	grant, err := v.Tokens.Find(ctx, v.token.Token, v.now)
	if err != nil {
		return nil, nil, err
	}
	user, err := v.Live.Person(ctx, grant.UserID)
	switch {
	case errors.Is(err, identity.ErrUnknown):
		return nil, nil, accesstoken.ErrNone
	case err != nil:
		return nil, nil, err
	case user.Disabled:
		return nil, user, errDisabled
	}
	return grant, user, nil
}

// wrongToken answers to a token that opens nothing. When too many come from one address
// they are answered without a line in the log, which they would fill.
func (v *visit) wrongToken(user *identity.User, reason error) {
	err := v.Throttle.WrongToken(v.r.Context(), v.arrival.Client)
	if refused, ok := errors.AsType[*throttle.Refused](err); ok {
		seconds := int64((refused.RetryAfter + time.Second - 1) / time.Second)
		v.w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
		pages.Plain(v.w, http.StatusTooManyRequests, v.arrival.ID)
		return
	}
	if err != nil {
		v.unavailable(err)
		return
	}
	v.denied(user, reason.Error())
	pages.TokenUnknown(v.w, v.Portal, v.arrival.ID)
}

// passByToken makes the request ready for the app, as its person's.
func (v *visit) passByToken(grant *accesstoken.Grant, user *identity.User, public bool) *Pass {
	view, err := v.newView(keyring.Claims{AMR: []string{amrToken}}, user, v.Keys.Current(v.App.Signer.Algorithm))
	switch {
	case isUnnamed(err) && public:
		return v.passCookieless()
	case isUnnamed(err):
		v.denied(user, err.Error())
		pages.TokenForbidden(v.w, v.Portal, v.arrival.ID, pages.TokenDenied)
		return nil
	case err != nil:
		v.unavailable(err)
		return nil
	}
	p := &Pass{User: user, Told: view.told}
	v.App.PHPRunner.clean(v.r)
	view.apply(v.r.Header, &p.lines, time.Time{})
	if err := v.App.PHPRunner.add(v.r, view.told, v.at, v.Portal, v.now); err != nil {
		v.unavailable(err)
		return nil
	}
	p.writer = writer{ResponseWriter: v.w, gate: v.Gate, request: v.r, id: v.arrival.ID, identified: true, cookieless: true}
	p.Writer = &p.writer
	v.Tokens.Use(grant.ID, v.now)
	p.watch = watchToken(v)
	p.Request = v.r.WithContext(p.watch.ctx)
	return p
}

// passCookieless lets a script go on as nobody, on a path that is anybody's.
func (v *visit) passCookieless() *Pass {
	p, _ := v.pass(nil, nil, true)
	p.writer.cookieless = true
	return p
}
