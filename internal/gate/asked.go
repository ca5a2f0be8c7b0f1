// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"net/url"
	"slices"
)

// Asked reports whether a request that has an effect beyond the app is one that the
// app's own pages have sent, or that a person has made by going there: by a link, a
// bookmark or the address bar. An image, a frame or a script of another site is
// neither, nor is an image that somebody has put into a page of the app itself, nor
// a page that is fetched ahead (threat 27).
//
// The browser's own word counts (Fetch Metadata); from one that says nothing, since
// it is old or on plain http, Origin or Referer must name the app.
func (own Origins) Asked(r *http.Request) bool {
	switch r.Method {
	case http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	if isUpgrade(r) || isAhead(r.Header) {
		return false
	}
	site := r.Header["Sec-Fetch-Site"]
	if len(site) == 0 {
		return own.sent(r) || (len(r.Header["Origin"]) == 0 && own.referred(r) && !isPicture(r.Header))
	}
	switch {
	case len(site) > 1:
		return false
	case site[0] == "same-origin":
		return !isSubresource(r.Header)
	case site[0] == "none":
		return goesThere(r.Header)
	}
	// From elsewhere by a link that a person has followed. A form of another site
	// is not a link.
	return r.Method == http.MethodGet && goesThere(r.Header) && r.Header.Get("Sec-Fetch-User") == "?1"
}

// goesThere reports whether the browser fills a tab with the answer.
func goesThere(h http.Header) bool {
	return h.Get("Sec-Fetch-Mode") == "navigate" && h.Get("Sec-Fetch-Dest") == "document"
}

// isSubresource reports whether a page has the request made by its mark-up: images,
// style sheets and the like. Scripts say "empty".
func isSubresource(h http.Header) bool {
	switch h.Get("Sec-Fetch-Dest") {
	case "", "empty", "document", "frame", "iframe":
		return false
	}
	return true
}

// isPicture is isSubresource for browsers that do not say what they ask for: by the
// look of it neither a page nor a script's request.
func isPicture(h http.Header) bool { return !acceptsHTML(h["Accept"]) && !isScripted(h) }

// referred reports whether the request comes from a page of one of the origins.
func (own Origins) referred(r *http.Request) bool {
	lines := r.Header["Referer"]
	if len(lines) != 1 {
		return false
	}
	from, err := url.Parse(lines[0])
	return err == nil && from.Host != "" && slices.Contains(own, canonicalOrigin(from))
}
