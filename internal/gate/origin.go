// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Origins are the origins of an app's own addresses, as browsers write them in the
// Origin header (RFC 6454, section 6.2).
type Origins []string

// NewOrigins returns the origins of addresses.
func NewOrigins(addresses ...*url.URL) Origins {
	var own Origins
	for _, a := range addresses {
		if origin := canonicalOrigin(a); !slices.Contains(own, origin) {
			own = append(own, origin)
		}
	}
	return own
}

func canonicalOrigin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// ForeignUpgrade reports whether a page of another origin asks for a WebSocket or
// another protocol. The browser adds the cookies of a sibling host to it, and no
// other check stops the page from talking in the person's name. A client that
// sends no Origin is no browser.
func (own Origins) ForeignUpgrade(r *http.Request) bool {
	return isUpgrade(r) && len(r.Header["Origin"]) > 0 && !own.sent(r)
}

// ForeignUnsafe reports whether a page of another origin has sent a request that may
// change something. The browser's own word (Sec-Fetch-Site) counts where there is
// one, else Origin; a client that sends neither is no browser of this decade.
func (own Origins) ForeignUnsafe(r *http.Request) bool {
	if !isUnsafe(r.Method) {
		return false
	}
	if site := r.Header["Sec-Fetch-Site"]; len(site) > 0 {
		fromHere := len(site) == 1 && (site[0] == "same-origin" || site[0] == "none")
		return !fromHere && !own.sent(r)
	}
	return len(r.Header["Origin"]) > 0 && !own.sent(r)
}

// isUnsafe reports whether a request with the method may change something.
func isUnsafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

// sent reports whether the request names one of the origins as its own, and no
// other. "null" is anybody's.
func (own Origins) sent(r *http.Request) bool {
	lines := r.Header["Origin"]
	return len(lines) == 1 && slices.Contains(own, lines[0])
}

// isUpgrade reports whether a request asks for another protocol, by the header of
// HTTP/1.1 or by extended CONNECT (RFC 8441, RFC 9220).
func isUpgrade(r *http.Request) bool {
	return len(r.Header["Upgrade"]) > 0 || r.Method == http.MethodConnect
}
