// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/netip"
	"net/url"
	"strings"
)

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
	return policyBegins + "; form-action 'self'" + sources(formOrigins) + policyEnds
}

// framedPolicy is Policy for a page that pages of its own origin and of these may show in a frame, and that may show
// such pages itself.
func framedPolicy(origins []string) string {
	return policyBegins + "; frame-src 'self'; form-action 'self'; " + FrameAncestors(origins...) + policyBase
}

// FrameAncestors returns the directive that lets pages of its own origin and of these show a page in a frame, and no
// others.
func FrameAncestors(origins ...string) string { return "frame-ancestors 'self'" + sources(origins) }

// sources returns what stands behind a directive for origins.
func sources(origins []string) string {
	var b strings.Builder
	for _, origin := range origins {
		if source, ok := originSource(origin); ok {
			b.WriteString(" " + source)
		}
	}
	return b.String()
}

const (
	policyBegins = "default-src 'none'; style-src 'self'; img-src 'self'"
	policyBase   = "; base-uri 'none'"
	policyEnds   = "; frame-ancestors 'none'" + policyBase

	// policyForAnyForm is for a page that does not say where its form may lead. default-src does not stand in
	// for form-action.
	policyForAnyForm = policyBegins + policyEnds
)

// originSource returns the origin as a source expression (CSP level 3, section 2.3.1), and whether it is an http or
// https origin with nothing in it that means something to the policy's own grammar: no wildcard either.
//
// That grammar has no IPv6 addresses, and browsers ignore a source with one. Any host of this scheme and port is
// as near as it gets.
func originSource(origin string) (string, bool) {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Scheme+"://"+u.Host != origin {
		return "", false
	}
	if address, port, ok := strings.Cut(u.Host, "]"); ok {
		_, err := netip.ParseAddr(address[1:])
		return u.Scheme + "://*" + port, err == nil
	}
	return origin, !strings.ContainsFunc(u.Host, notInHost)
}

func notInHost(r rune) bool {
	letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	digit := '0' <= r && r <= '9'
	return !letter && !digit && !strings.ContainsRune("-._:", r)
}
