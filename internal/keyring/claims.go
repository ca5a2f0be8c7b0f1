// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims is what an assertion says of a person and a session.
type Claims struct {
	// Issuer is the portal's URL, `iss`.
	Issuer string
	// Subject is the user's stable ID, `sub`.
	Subject string
	// Audience is the name of the app, `aud`.
	Audience string
	// Name is what the person signs in with, `preferred_username`.
	Name string
	// FullName and Email are `name` and `email`, left out when empty.
	FullName string
	Email    string
	// Groups is `groups`, an empty list when there are none.
	Groups []string
	// SessionID is the selector of the session, `sid`, left out when empty.
	SessionID string
	// AuthTime is when the person proved who they are, `auth_time` in whole
	// seconds, left out when zero.
	AuthTime time.Time
	// AMR is how they proved it (RFC 8176), `amr`, an empty list when unknown.
	AMR []string
}

// assertion is the claim set as it is written (RFC 7519 section 4.1, OpenID
// Connect Core section 5.1). Its times are whole seconds.
type assertion struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Name      string   `json:"preferred_username"`
	Audience  string   `json:"aud"`
	Expires   int64    `json:"exp"`
	Issued    int64    `json:"iat"`
	NotBefore int64    `json:"nbf"`
	ID        string   `json:"jti"`
	SessionID string   `json:"sid,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	AMR       []string `json:"amr"`
	FullName  string   `json:"name,omitempty"`
	Email     string   `json:"email,omitempty"`
	Groups    []string `json:"groups"`
}

// claims returns what the assertion says, without what only its checking needs.
func (a *assertion) claims() Claims {
	c := Claims{
		Issuer: a.Issuer, Subject: a.Subject, Audience: a.Audience,
		Name: a.Name, FullName: a.FullName, Email: a.Email, Groups: a.Groups,
		SessionID: a.SessionID, AMR: a.AMR,
	}
	if a.AuthTime != 0 {
		c.AuthTime = time.Unix(a.AuthTime, 0)
	}
	return c
}

// The methods of jwt.Claims, which the parser asks for what it checks.

func (a *assertion) GetExpirationTime() (*jwt.NumericDate, error) { return date(a.Expires), nil }
func (a *assertion) GetIssuedAt() (*jwt.NumericDate, error)       { return date(a.Issued), nil }
func (a *assertion) GetNotBefore() (*jwt.NumericDate, error)      { return date(a.NotBefore), nil }
func (a *assertion) GetIssuer() (string, error)                   { return a.Issuer, nil }
func (a *assertion) GetSubject() (string, error)                  { return a.Subject, nil }
func (a *assertion) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{a.Audience}, nil }

// date returns the time of a claim, nil when the claim is missing.
func date(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(seconds, 0))
}

// orEmpty makes a list that is written as [] and not as null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
