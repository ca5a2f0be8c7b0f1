// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// step is what one visit does.
type step func(*visit)

// personal is a step for whoever is signed in.
type personal func(v *visit, s *live.Session, user *identity.User)

// signedIn is a personal step where nobody may be signed in: they are led to do so first.
func signedIn(next personal) step {
	return func(v *visit) {
		s, user, err := v.current()
		switch {
		case err != nil:
			v.stuck(err)
		case s == nil:
			v.dispatch(nil, "")
		default:
			next(v, s, user)
		}
	}
}

// routes are the steps by path and method. A path is exactly one of these: a
// [http.ServeMux] would redirect to what it takes for a cleaner spelling, on a
// page of its own that repeats what the client has sent.
func routes() map[string]map[string]step {
	const get, post = http.MethodGet, http.MethodPost
	return map[string]map[string]step{
		"/":                                 {get: orWord(signedIn((*visit).apps))},
		handoff.LoginPath:                   {get: orWord((*visit).loginForm), post: (*visit).login},
		continuePath:                        {get: (*visit).askToContinue, post: (*visit).goOn},
		handoff.CodePath:                    {get: (*visit).code},
		logoutPath:                          {get: (*visit).logoutForm, post: (*visit).logout},
		sessionsPath:                        {get: proven((*visit).sessions), post: proven((*visit).endSessions)},
		accountPath:                         {get: proven((*visit).account), post: proven((*visit).changePassword)},
		accessPath:                          {get: proven((*visit).account), post: proven((*visit).changeTokens)},
		setupPath:                           {get: (*visit).setupForm, post: (*visit).setup},
		"/healthz":                          {get: (*visit).healthz},
		jwksPath:                            {get: (*visit).jwks},
		"/.well-known/openid-configuration": {get: (*visit).configuration},
	}
}

// router finds the step of a request. HEAD is GET without a body.
func (p *Portal) router() http.Handler {
	routes := routes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(w, r)
		methods, found := routes[r.URL.Path]
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		step := methods[method]
		switch {
		case strings.HasPrefix(r.URL.Path, assetBase+"/"):
			v.asset()
		case !found:
			v.notFound()
		case step == nil:
			allowed := slices.Sorted(maps.Keys(methods))
			w.Header().Set("Allow", strings.Join(append(allowed, http.MethodHead), ", "))
			pages.Plain(w, http.StatusMethodNotAllowed, v.arrival.ID)
		default:
			step(v)
		}
	})
}

// KeepsSecret reports whether the address of a request, or where its answer leads to,
// holds a secret and does not belong into an access log, which shows both. What an app
// says of somebody is one at whatever page it arrives; a form has no token in its address,
// and is logged, whatever somebody has written there.
func KeepsSecret(r *http.Request) bool {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	return r.URL.Path == setupPath || r.URL.Path == handoff.CodePath || reads && holdsWord(r.URL)
}
