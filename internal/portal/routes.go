// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// step is what one visit does.
type step func(*visit)

// routes are the steps by path and method. A path is exactly one of these: a
// [http.ServeMux] would redirect to what it takes for a cleaner spelling, on a
// page of its own that repeats what the client has sent.
func routes() map[string]map[string]step {
	const get, post = http.MethodGet, http.MethodPost
	return map[string]map[string]step{
		"/":                                 {get: orWord((*visit).apps)},
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
