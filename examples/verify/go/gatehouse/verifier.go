// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package gatehouse verifies the assertion that Gatehouse sends to an app. Copy
// the folder into your app; it needs the standard library only:
//
//	verifier := &gatehouse.Verifier{
//		JWKS:     "https://login.example.com/.well-known/jwks.json", // the portal's keys
//		Issuer:   "https://login.example.com",                       // the portal
//		Audience: "wiki",                                            // this app's name at the gate
//	}
//	user, err := verifier.Verify(r.Context(), r.Header.Get("X-Gatehouse-Jwt"))
//	if err != nil {
//		http.Error(w, "not signed in", http.StatusUnauthorized)
//		return
//	}
package gatehouse

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Claims is what an assertion says.
type Claims struct {
	Issuer    string   `json:"iss"`
	Audience  string   `json:"aud"`
	Subject   string   `json:"sub"`                // the person, for ever
	Name      string   `json:"preferred_username"` // what they sign in with
	FullName  string   `json:"name"`
	Email     string   `json:"email"`
	Groups    []string `json:"groups"`
	SessionID string   `json:"sid"`
	AMR       []string `json:"amr"`       // how they signed in (RFC 8176)
	AuthTime  int64    `json:"auth_time"` // and when; this and the others in Unix seconds
	Expires   int64    `json:"exp"`
	NotBefore int64    `json:"nbf"`
}

// Verifier verifies assertions for one app. Make one for the process: it keeps
// the keys. Goroutines may share it.
type Verifier struct {
	JWKS     string // URL of the portal's keys
	Issuer   string // URL of the portal
	Audience string // name of the app at the gate
	// Floor is the least time between two fetches of the keys, so that invented
	// kids cannot hammer the portal. Default 1 min.
	Floor time.Duration
	// Client fetches the keys. Default: one that follows no redirect and waits 5 s.
	Client *http.Client

	mu             sync.Mutex
	keys           map[string]key
	fetched, tried time.Time
}

// header is what of a token's header counts. A key that the token brings along
// or points to (jwk, jku, x5u) does not.
type header struct {
	Alg  string          `json:"alg"`
	Typ  string          `json:"typ"`
	KID  string          `json:"kid"`
	Crit json.RawMessage `json:"crit"`
}

// Verify returns the claims of a good assertion, and an error for anything else.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(token) > 16<<10 || len(parts) != 3 {
		return nil, errors.New("not a token")
	}
	var h header
	if err := decodeJSON(parts[0], &h); err != nil {
		return nil, errors.New("header cannot be read")
	}
	// Another typ is another kind of token; crit asks for what is unknown here.
	if h.Typ != "JWT" || h.Crit != nil {
		return nil, errors.New("header is not that of an assertion")
	}
	verify, allowed := algorithms[h.Alg]
	if !allowed {
		return nil, errors.New("algorithm is not allowed")
	}
	k, err := v.key(ctx, h.KID)
	if err != nil {
		return nil, err
	}
	if k.Alg != h.Alg {
		return nil, errors.New("key is of another algorithm")
	}
	signature, err := decode(parts[2])
	if err != nil || !verify(k, parts[0]+"."+parts[1], signature) {
		return nil, errors.New("signature is wrong")
	}
	var c Claims
	if err := decodeJSON(parts[1], &c); err != nil {
		return nil, errors.New("claims cannot be read")
	}
	if err := v.check(&c, time.Now().Unix()); err != nil {
		return nil, err
	}
	return &c, nil
}

// check says why the claims are not for this app now.
func (v *Verifier) check(c *Claims, now int64) error {
	switch {
	case c.Issuer != v.Issuer:
		return errors.New("issuer is another")
	case c.Audience != v.Audience:
		return errors.New("meant for another app")
	case c.Expires <= now: // a missing exp is 0
		return errors.New("expired")
	case c.NotBefore == 0 || c.NotBefore > now:
		return errors.New("not valid yet")
	case c.Subject == "":
		return errors.New("names nobody")
	}
	return nil
}

// decode reads unpadded base64url; only the one text that encoding would give is accepted.
func decode(text string) ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil && base64.RawURLEncoding.EncodeToString(data) != text {
		return nil, errors.New("not base64url")
	}
	return data, err
}

// decodeJSON reads a part of a token.
func decodeJSON(text string, into any) error {
	data, err := decode(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
