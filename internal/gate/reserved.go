// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// The reserved addresses that take no part in the hand-off.
const (
	stepLogout = "logout"
	stepWhoami = "whoami"
	stepAssets = "assets/"
)

// KeepsSecret reports whether the address of a request, as the browser sent it, holds a
// hand-off code or another login, and does not belong into an access log. What only ends
// like the address of a landing is the app's, and nobody hides from the log behind it.
func (g *Gate) KeepsSecret(address *url.URL) bool {
	base, lands := strings.CutSuffix(address.Path, handoff.Reserved+handoff.StepLand)
	lands = lands && slices.ContainsFunc(g.places, func(p place) bool { return p.Base.Path == base })
	return lands || g.App.PHPRunner.signed(address.RawQuery)
}

// LeadsToSecret reports whether an answer of the app leads to an address that holds a
// login, and does not belong into an access log either.
func (g *Gate) LeadsToSecret(h http.Header) bool {
	return slices.ContainsFunc(h["Location"], func(to string) bool {
		_, query, _ := strings.Cut(to, "?")
		query, _, _ = strings.Cut(query, "#")
		return g.App.PHPRunner.signed(query)
	})
}

// reservedStep returns what follows the reserved path, when the request is for
// it. The address as the browser sent it counts, since a site may have taken the
// app's own path off before the gate.
func (v *visit) reservedStep() (string, bool) {
	rest, ok := strings.CutPrefix(v.arrival.URL.Path, v.at.Base.Path)
	if !ok {
		return "", false
	}
	if rest == strings.TrimSuffix(handoff.Reserved, "/") {
		return "", true
	}
	return strings.CutPrefix(rest, handoff.Reserved)
}

// reserved answers below the reserved path. Nothing there ever reaches the app.
func (v *visit) reserved(step string) {
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	switch {
	case strings.HasPrefix(step, stepAssets):
		pages.ServeAsset(v.w, v.r)
	case step == stepLogout:
		v.logout()
	case step == handoff.StepResend && v.App.KeepPosts:
		v.resendStep()
	case v.r.Method != http.MethodGet:
		h.Set("Allow", http.MethodGet)
		pages.Plain(v.w, http.StatusMethodNotAllowed, v.arrival.ID)
	case step == stepWhoami:
		v.whoami()
	case !handoff.Began(v.r):
		// A prefetch must not spend a code, a script of the app not begin a walk.
		pages.Plain(v.w, http.StatusForbidden, v.arrival.ID)
	case step == handoff.StepBegin:
		v.begin()
	case step == handoff.StepLand:
		v.land()
	case step == handoff.StepLanded:
		v.landed()
	case step == handoff.StepLeft:
		v.left()
	case step == handoff.StepFrame && len(v.App.Embedders) > 0:
		v.frameStep()
	case step == handoff.StepDoor && len(v.App.Embedders) > 0:
		v.door()
	default:
		v.show(http.StatusNotFound, pages.NotFound{Site: v.site(), RequestID: v.arrival.ID})
	}
}

// begin tells the portal the challenge of what this browser holds for this host.
// A browser that holds nothing gets a nonce and one more try: if it comes back
// without, it keeps no cookies, and no number of redirects would help.
func (v *visit) begin() {
	query := v.arrival.URL.Query()
	target, returnTo, err := v.App.Targets.Parse(query.Get(handoff.ParamReturnTo))
	switch {
	case err != nil:
		v.show(http.StatusBadRequest, pages.BadRequest{Site: v.site(), Reason: pages.BadRequestReturn, RequestID: v.arrival.ID})
	case target.Origin() != v.at.origin:
		// The walk begins on the host where it ends. Straight to that host's own
		// begin it could go round for ever, where something in front changes Host.
		v.redirect(returnTo)
	case query.Get(handoff.ParamThen) != "":
		v.beginToPass(returnTo, query.Get(handoff.ParamThen))
	case v.presented.OK:
		v.redirect(handoff.Code(v.Portal, v.presented.Token.Challenge(), returnTo))
	case v.presented.Twice, query.Get(handoff.ParamAgain) != "":
		v.cookieTrouble(returnTo)
	default:
		v.at.cookies.Set(v.w.Header(), session.NewNonce())
		v.redirect(handoff.BeginAgain(v.at.Target, returnTo))
	}
}

// beginToPass is begin for a browser that is on its way to a page of another app. It is
// not held up here: without a cookie that comes back it goes on without being signed in.
// Where it goes is for the portal to check, which knows all apps.
func (v *visit) beginToPass(home, then string) {
	challenge := ""
	switch {
	case v.presented.OK:
		challenge = v.presented.Token.Challenge()
	case !v.presented.Twice:
		nonce := session.NewNonce()
		v.at.cookies.Set(v.w.Header(), nonce)
		challenge = nonce.Challenge()
	}
	v.redirect(handoff.CodeToPass(v.Portal, challenge, home, then))
}

// land spends the code that the portal gave this browser.
func (v *visit) land() {
	code := v.arrival.URL.Query().Get(handoff.ParamCode)
	landing, err := v.Codes.Redeem(v.r.Context(), code, v.at.origin, v.presented, v.now)
	switch {
	case errors.Is(err, handoff.ErrSpent), errors.Is(err, handoff.ErrForeign), errors.Is(err, session.ErrNone):
		v.handoffRefused(err)
		// Where the person was going is known only when the code was for this
		// host; going there begins anew, with this browser's own sign-in.
		if landing.ReturnTo == "" {
			landing.ReturnTo = v.at.Home()
		}
		v.goOn(landing.ReturnTo)
	case err != nil:
		v.unavailable(err)
	case landing.Kept:
		v.goOn(landing.Next())
	default:
		v.claim(landing.Session)
		v.at.cookies.SetFor(v.w.Header(), landing.Token, landing.Session.Keep(v.Limits, v.now))
		if landing.Again && !landing.Passing {
			v.redirect(handoff.Landed(v.at.Target, landing.ReturnTo))
			return
		}
		v.goOn(landing.Next())
	}
}

// landed is visited after the second landing in a row. A browser whose cookie
// has not come back by now will not be sent round again.
func (v *visit) landed() {
	_, returnTo, err := v.App.Targets.Parse(v.arrival.URL.Query().Get(handoff.ParamReturnTo))
	if err != nil {
		returnTo = v.at.Home()
	}
	s, _, err := v.find()
	switch {
	case err != nil:
		v.unavailable(err)
	case s == nil:
		v.cookieTrouble(returnTo)
	default:
		v.redirect(returnTo)
	}
}

// Identity is what whoami answers to the app's own pages.
type Identity struct {
	Subject string   `json:"sub"`
	Name    string   `json:"preferred_username"`
	Full    string   `json:"name,omitempty"`
	Email   string   `json:"email,omitempty"`
	Groups  []string `json:"groups"`
	// Expires is when the session ends if nothing more happens, in seconds since
	// 1970 UTC; 0 is never.
	Expires int64 `json:"session_expires,omitempty"`
}

// whoami tells a page of the app who is signed in, and how long yet. A page that
// asks keeps nobody signed in.
func (v *visit) whoami() {
	v.passive = true
	s, user, err := v.find()
	switch {
	case err != nil:
		v.unavailable(err)
		return
	case s == nil || v.barred(s) != "":
		pages.Unauthorized(v.w, v.Portal, v.arrival.ID)
		return
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("X-Content-Type-Options", "nosniff")
	expires := int64(0)
	if end := s.State().End(s.Seen(), v.Limits); !end.IsZero() {
		expires = end.Unix()
	}
	// A client that has gone away is told nothing.
	_ = json.NewEncoder(v.w).Encode(Identity{
		Subject: user.ID,
		Name:    user.Name,
		Full:    user.FullName,
		Email:   user.Email,
		Groups:  append([]string{}, user.Groups...),
		Expires: expires,
	})
}
