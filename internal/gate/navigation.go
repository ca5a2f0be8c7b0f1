// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"strings"
)

// IsNavigation reports whether a browser asks for a page that is going to fill a
// tab, so that it can be led elsewhere and somebody will see it. Not one are: what
// scripts fetch, WebSockets, frames (the portal does not let itself be framed), and
// pages that are fetched before anybody has asked for them, which must not begin a
// sign-in.
//
// What the browser says itself counts; one that says nothing, because it is old or
// because the page is on plain http, is judged by method and Accept.
func IsNavigation(r *http.Request) bool {
	if isUpgrade(r) || isAhead(r.Header) || isScripted(r.Header) {
		return false
	}
	if mode := r.Header["Sec-Fetch-Mode"]; len(mode) > 0 {
		return mode[0] == "navigate" && fillsTab(r.Header)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	return fillsTab(r.Header) && acceptsHTML(r.Header["Accept"])
}

func fillsTab(h http.Header) bool {
	dest := h["Sec-Fetch-Dest"]
	return len(dest) == 0 || dest[0] == "document"
}

// isAhead reports whether nobody has asked for the page yet: prefetch, prerender,
// preview. There was never one name for it.
func isAhead(h http.Header) bool {
	return len(h["Sec-Purpose"]) > 0 || len(h["Purpose"]) > 0 || len(h["X-Purpose"]) > 0 || len(h["X-Moz"]) > 0
}

// isScripted knows old libraries. Android's WebView sends the same header with
// another value when a person navigates.
func isScripted(h http.Header) bool {
	with := h["X-Requested-With"]
	return len(with) > 0 && strings.EqualFold(with[0], "XMLHttpRequest")
}

// acceptsHTML reports whether Accept names HTML itself; `*/*` is what everything
// that is not a browser sends.
func acceptsHTML(lines []string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			kind, parameters, _ := strings.Cut(part, ";")
			kind = strings.TrimSpace(kind)
			html := strings.EqualFold(kind, "text/html") || strings.EqualFold(kind, "application/xhtml+xml")
			if html && !isRefused(parameters) {
				return true
			}
		}
	}
	return false
}

// isRefused reports whether the parameters of a media range hold a quality of zero.
func isRefused(parameters string) bool {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") && strings.Trim(value, " \t0.") == "" {
			return true
		}
	}
	return false
}
