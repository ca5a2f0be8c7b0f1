// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// LogoutLifetime is how long a logout token lives: the most that OpenID Connect
// Back-Channel Logout 1.0, section 4, recommends. It is signed the moment before
// it is sent.
const LogoutLifetime = 2 * time.Minute

// logoutEvent is the member of `events` that makes a token a logout token
// (Back-Channel Logout 1.0, section 2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// Logout is what a logout token says: which session of whom has ended.
type Logout struct {
	// Issuer is the portal's URL, `iss`.
	Issuer string
	// Subject is the user's stable ID, `sub`.
	Subject string
	// Audience is the name of the app, `aud`.
	Audience string
	// SessionID is the selector of the session, `sid`, as in its assertions.
	SessionID string
}

// SignLogout returns a logout token (OpenID Connect Back-Channel Logout 1.0,
// section 2.4) that is good from now for [LogoutLifetime], with a fresh `jti`. All
// of l is required. The signer is the one of the app's assertions.
//
// Its `typ` is logout+jwt, so that it never passes for an assertion, and it has no
// `nonce`, ever, so that it never passes for an ID token.
func (r *Ring) SignLogout(s Signer, l Logout, now time.Time) (token string, err error) {
	if l.Issuer == "" || l.Subject == "" || l.Audience == "" || l.SessionID == "" {
		return "", errors.New("a logout token needs an issuer, a subject, an audience and a session")
	}
	secret, kid, err := r.signingKey(s)
	if err != nil {
		return "", err
	}
	unsigned := jwt.NewWithClaims(s.Algorithm.method(), jwt.MapClaims{
		"iss": l.Issuer, "sub": l.Subject, "aud": l.Audience, "sid": l.SessionID,
		"iat": now.Unix(), "exp": now.Add(LogoutLifetime).Unix(), "jti": newID(),
		"events": map[string]struct{}{logoutEvent: {}},
	})
	unsigned.Header["typ"] = "logout+jwt"
	unsigned.Header["kid"] = kid
	token, err = unsigned.SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("sign with %s: %w", s.Algorithm, err)
	}
	return token, nil
}
