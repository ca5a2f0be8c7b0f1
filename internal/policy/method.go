// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import "strings"

// OverrideHeaders returns the headers in which a client can name a method other
// than the one of the request, and which web frameworks obey. Beside rules with
// methods they must not reach the app, in no spelling that it folds together; without
// such rules they do no harm. The app then does what the request's own method says,
// and that is what the policy has decided on.
func OverrideHeaders() []string {
	return []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method", "X-Forwarded-Method"}
}

// unforwardableMethod returns why a method is never forwarded, or "". TRACE sends
// the request back as a page, and with it what the gate has added: assertion,
// cookies. TRACK is the same thing elsewhere. CONNECT asks for a tunnel in which the
// gate would see nothing.
func unforwardableMethod(method string) string {
	switch {
	case strings.EqualFold(method, "TRACE"), strings.EqualFold(method, "TRACK"):
		return "TRACE would show the identity headers to the browser"
	case strings.EqualFold(method, "CONNECT"):
		return "CONNECT would open a tunnel past the gate"
	case method == "":
		return "the request has no method"
	}
	return ""
}

// methodFits reports whether a rule's methods cover a method. GET covers HEAD,
// which asks for the same thing without its body. Methods are case-sensitive
// (RFC 9110, section 9.1), but some apps fold them, so a deny rule does as well.
func methodFits(methods []string, method string, deny bool) bool {
	for _, m := range methods {
		if m == method || (deny && strings.EqualFold(m, method)) {
			return true
		}
		if m == "GET" && (method == "HEAD" || (deny && strings.EqualFold("HEAD", method))) {
			return true
		}
	}
	return false
}
