// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// maxToken is the longest token in bytes that is looked at: more than a header
// line of common servers holds.
const maxToken = 16 << 10

// Verify returns the claims of an assertion that this ring has signed for this
// issuer and audience and that is in date at now. It is as strict as RFC 8725
// asks: only the named algorithms, each with keys of its own kind; a kid of the
// ring, whose key has not left the JWKS; no header parameter but typ, alg and
// kid; exp and nbf required, no leeway. HS256 cannot be named: those tokens are
// for the app that shares the secret. The error never quotes the token.
func (r *Ring) Verify(token, issuer, audience string, algs []Algorithm, now time.Time) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, fmt.Errorf("assertion refused: longer than %d bytes", maxToken)
	}
	if strings.ContainsAny(token, "\r\n") { // encoding/base64 passes over them, so one token would have many texts
		return Claims{}, errors.New("assertion refused: broken over lines")
	}
	if issuer == "" || audience == "" {
		return Claims{}, errors.New("assertion refused: no issuer or audience to compare with")
	}
	methods := []string{} // empty allows none; nil would allow all
	for _, alg := range algs {
		if !alg.keyed() {
			return Claims{}, fmt.Errorf("assertion refused: the key ring has no public keys for %q", alg)
		}
		methods = append(methods, string(alg))
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods(methods),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithNotBeforeRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	var a assertion
	_, err := parser.ParseWithClaims(token, &a, func(t *jwt.Token) (any, error) { return r.verifyingKey(t, now) })
	if err != nil {
		return Claims{}, fmt.Errorf("assertion refused: %w", err)
	}
	if a.Subject == "" {
		return Claims{}, errors.New("assertion refused: it names no subject")
	}
	return a.claims(), nil
}

// verifyingKey returns the public key that a token's header names. Only the kid
// is looked up, and only here: jku, x5u, jwk and whatever else could bring a key
// along are refused like crit, since we write none of them (RFC 7515 section
// 4.1.11). The typ keeps our other tokens from passing as assertions (RFC 8725
// section 3.11).
func (r *Ring) verifyingKey(t *jwt.Token, now time.Time) (any, error) {
	kid, _ := t.Header["kid"].(string)
	if len(t.Header) != 3 || t.Header["typ"] != "JWT" || kid == "" {
		return nil, errors.New("header holds something else than typ JWT, alg and kid")
	}
	k, ok := r.view.Load().byKID[kid]
	if !ok {
		return nil, errors.New("kid names no key of this ring")
	}
	if string(k.alg) != t.Method.Alg() {
		return nil, errors.New("key is of another algorithm")
	}
	if leaves := k.leaves(r.schedule); !leaves.IsZero() && !now.Before(leaves) {
		return nil, errors.New("key has retired")
	}
	return k.private.Public(), nil
}
