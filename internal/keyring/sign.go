// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// MaxLifetime is the longest that an assertion may live.
const MaxLifetime = time.Hour

// MinSecret is the length in bytes below which a secret for HS256 is refused
// (RFC 7518 section 3.2: as long as the hash).
const MinSecret = 32

// early is how long before its signing an assertion counts, so that an app
// whose clock is a little behind does not refuse it.
const early = 30 * time.Second

// Signer says how an app's assertions are signed.
type Signer struct {
	Algorithm Algorithm
	// Secret is what the app and Gatehouse share, for HS256 only.
	Secret []byte
}

// String names the algorithm, never the secret.
func (s Signer) String() string { return string(s.Algorithm) }

// GoString is String, so that no verb prints the secret.
func (s Signer) GoString() string { return s.String() }

// Sign returns an assertion of these claims that is good from 30 s before now
// for the lifetime after it, with a fresh `jti`, and the kid of what signed it.
// The lifetime is between 1 s and [MaxLifetime], and no longer than a retired key
// stays in the JWKS. Issuer, Subject and Audience are required.
//
// For HS256 the kid is a hash of the secret, so that an app which is changing
// its secret knows which of the two to try.
func (r *Ring) Sign(s Signer, c Claims, now time.Time, lifetime time.Duration) (token, kid string, err error) {
	if c.Issuer == "" || c.Subject == "" || c.Audience == "" {
		return "", "", errors.New("an assertion needs an issuer, a subject and an audience")
	}
	if longest := min(MaxLifetime, r.schedule.Retire); lifetime < time.Second || lifetime > longest {
		return "", "", fmt.Errorf("an assertion lives between 1s and %s, not %s", longest, lifetime)
	}
	secret, kid, err := r.signingKey(s)
	if err != nil {
		return "", "", err
	}
	unsigned := jwt.NewWithClaims(s.Algorithm.method(), newAssertion(c, now, lifetime))
	unsigned.Header["kid"] = kid
	token, err = unsigned.SignedString(secret)
	if err != nil {
		return "", "", fmt.Errorf("sign with %s: %w", s.Algorithm, err)
	}
	return token, kid, nil
}

// signingKey returns what the signer signs with, and its kid.
func (r *Ring) signingKey(s Signer) (secret any, kid string, err error) {
	if s.Algorithm == HS256 {
		if len(s.Secret) < MinSecret {
			return nil, "", fmt.Errorf("a secret for HS256 has at least %d bytes, not %d", MinSecret, len(s.Secret))
		}
		return s.Secret, secretID(s.Secret), nil
	}
	if f := r.view.Load().keys[s.Algorithm]; f != nil {
		return f.Current.private, f.Current.id, nil
	}
	return nil, "", fmt.Errorf("no key signs with %q", s.Algorithm)
}

// secretID names a secret without giving it away: a token already lets its
// reader test a guess of the secret, and this tells nothing more.
func secretID(secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("gatehouse key id"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])
}

// newID returns a fresh `jti`.
func newID() string {
	var id [16]byte
	rand.Read(id[:]) // never fails (crypto/rand, since Go 1.24)
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// newAssertion returns the claim set of an assertion signed at now.
func newAssertion(c Claims, now time.Time, lifetime time.Duration) *assertion {
	a := &assertion{
		Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience,
		Name: c.Name, FullName: c.FullName, Email: c.Email, Groups: orEmpty(c.Groups),
		Expires: now.Add(lifetime).Unix(), Issued: now.Unix(), NotBefore: now.Add(-early).Unix(),
		ID:        newID(),
		SessionID: c.SessionID, AMR: orEmpty(c.AMR),
	}
	if !c.AuthTime.IsZero() {
		a.AuthTime = c.AuthTime.Unix()
	}
	return a
}
