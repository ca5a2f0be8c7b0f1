// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "strings"

// Policy returns the Content-Security-Policy (CSP level 3) of a page: its own stylesheet and mark, forms to its
// own origin, nothing else; no frame around it and no base.
//
// Browsers of the Chromium family hold not only a form's action but every redirect that follows its submission
// against form-action. A sign-in ends by redirects on the host of an app, so the page with its form must name
// that origin, or the browser stops on the portal with the person signed in and nothing to be seen of it.
// formOrigins are such origins, as scheme://host[:port]. Name the destination of this one form and not every
// app: what is named here is also where a form that an attacker managed to plant could send a password.
//
// What does not look like an http or https origin is left out, because a space or a semicolon in it would begin
// a source or a directive of its own.
func Policy(formOrigins ...string) string {
	var b strings.Builder
	b.WriteString("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
	for _, origin := range formOrigins {
		if plainOrigin(origin) {
			b.WriteString(" " + origin)
		}
	}
	b.WriteString("; frame-ancestors 'none'; base-uri 'none'")
	return b.String()
}

// plainOrigin reports whether s is an http or https origin in the alphabet of serialized origins (RFC 6454,
// section 6.2), with nothing in it that means something to the policy's own grammar: no wildcard either.
func plainOrigin(s string) bool {
	scheme, host, ok := strings.Cut(s, "://")
	if !ok || scheme != "http" && scheme != "https" || host == "" {
		return false
	}
	for _, c := range []byte(host) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9'
		if !letter && !digit && !strings.ContainsRune("-._:[]", rune(c)) {
			return false
		}
	}
	return true
}
