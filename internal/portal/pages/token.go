// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"net/http"
	"strconv"
)

// TokenRefusal says why a request by an access token may not pass, though the token is right.
type TokenRefusal string

// The refusals, for whoever reads what a script has got.
const (
	TokenScope  TokenRefusal = "This access token is not for this app."
	TokenDenied TokenRefusal = "The owner of this access token may not do this."
)

// TokenUnknown answers 401 to a script whose access token opens nothing, with the challenge of RFC 6750, section 3.
// Browsers do not know its scheme, so none opens its password dialogue.
func TokenUnknown(w http.ResponseWriter, portalURL, requestID string) {
	challenge(w, portalURL, "invalid_token")
	writePlain(w, http.StatusUnauthorized, "This access token is not known: it has expired, or was revoked.", requestID)
}

// TokenForbidden answers 403 to a script that is known and may not pass.
func TokenForbidden(w http.ResponseWriter, portalURL, requestID string, why TokenRefusal) {
	if why == TokenScope {
		challenge(w, portalURL, "insufficient_scope")
	}
	writePlain(w, http.StatusForbidden, string(why), requestID)
}

func challenge(w http.ResponseWriter, portalURL, code string) {
	w.Header().Set("WWW-Authenticate", "Bearer realm="+strconv.Quote(portalURL)+", error="+strconv.Quote(code))
}
