// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Plain answers a request that no person looks at, such as a fetch or an API call, with its status in words.
// requestID may be empty. Pages of frameOrigins may show it in a frame.
func Plain(w http.ResponseWriter, status int, requestID string, frameOrigins ...string) {
	writePlain(w, status, http.StatusText(status), requestID, frameOrigins...)
}

// Unauthorized answers 401 to a request without a session that is no navigation. portalURL is the portal's
// origin; it is named in the body for people who look, and in the challenge that a 401 must carry (RFC 9110,
// section 11.6.1), whose scheme no browser knows, so that none opens its password dialogue.
func Unauthorized(w http.ResponseWriter, portalURL, requestID string) {
	Challenge(w.Header(), portalURL)
	writePlain(w, http.StatusUnauthorized, "Not signed in. Sign in at "+portalURL+"/", requestID)
}

// Challenge sets what every 401 must carry.
func Challenge(h http.Header, portalURL string) {
	h.Set("WWW-Authenticate", "Gatehouse realm="+strconv.Quote(portalURL))
}

func writePlain(w http.ResponseWriter, status int, text, requestID string, frameOrigins ...string) {
	if requestID != "" {
		text += fmt.Sprintf("\nRequest %s", requestID)
	}
	text = strings.ToValidUTF8(text, "\uFFFD") + "\n"
	setHeaders(w.Header(), Policy())
	if len(frameOrigins) > 0 {
		allowFrames(w.Header(), frameOrigins)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	// A client that has gone away is told nothing, and there is nobody else to tell.
	_, _ = io.WriteString(w, text)
}
