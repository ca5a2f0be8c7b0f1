// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// isPreflight reports whether a browser asks whether a page of another origin may send
// a request (Fetch, section 3.3.2). It asks without a body and says what it is going to
// send, once. What names another method in a header is no question: an app that obeys it
// would do, for nobody, what a session is needed for.
func isPreflight(r *http.Request, overrides nameSet) bool {
	if r.Method != http.MethodOptions || r.ContentLength != 0 || len(r.TransferEncoding) > 0 || isUpgrade(r) {
		return false
	}
	for name := range r.Header {
		if overrides.has(name) {
			return false
		}
	}
	mode := r.Header["Sec-Fetch-Mode"]
	return isOne(r.Header["Origin"]) && isOne(r.Header["Access-Control-Request-Method"]) &&
		(len(mode) == 0 || len(mode) == 1 && mode[0] == "cors")
}

func isOne(lines []string) bool { return len(lines) == 1 && lines[0] != "" }

// preflight lets the question pass to the app, from nobody. No browser adds cookies or
// an account to it; whoever does is no browser, and what they add does not arrive. Who
// may do what is decided about the request that follows.
func (v *visit) preflight(asked policy.Facts) *Pass {
	if d := v.App.Policy.Decide(nil, asked); d.Verdict == policy.Deny {
		v.forbid(nil, d)
		return nil
	}
	v.presented = session.Presented{}
	delete(v.r.Header, "Cookie")
	delete(v.r.Header, "Authorization")
	return v.passCookieless()
}
