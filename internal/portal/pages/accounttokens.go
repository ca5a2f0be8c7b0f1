// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"slices"
	"time"
)

// TokenProblem says why no access token was made, or none revoked.
type TokenProblem string

// The problems with access tokens. The empty one is no problem.
const (
	TokenWrong       TokenProblem = "wrong"       // the password is not the one that was typed
	TokenIncomplete  TokenProblem = "incomplete"  // the password, the label or an app is missing
	TokenLabel       TokenProblem = "label"       // a label that is too long or cannot be shown
	TokenDays        TokenProblem = "days"        // a time that no token lives for
	TokenTooMany     TokenProblem = "toomany"     // the person has as many as they may
	TokenThrottled   TokenProblem = "throttled"   // too many wrong passwords; Account.RetryAfter says when the next one counts
	TokenBusy        TokenProblem = "busy"        // more passwords at one moment than can be checked
	TokenUnavailable TokenProblem = "unavailable" // the token could not be stored
	TokenGone        TokenProblem = "gone"        // a token to be revoked that the person does not have
	TokenRevoking    TokenProblem = "revoking"    // a token that is refused, which could not be stored yet
)

// AccountTokens is the part of the page of /account about access tokens. Its forms post to /account/tokens: revoke
// with the ID of a token; or label, app (repeated), days and current, to make one.
type AccountTokens struct {
	Shown   bool // otherwise the page does not speak of them
	Tokens  []AccessToken
	Apps    []TokenApp // the apps for which one can be made; without any, none can
	MaxDays int
	// Made is the token that was made just now, which nobody sees again; otherwise empty.
	Made      string
	MadeLabel string
	Problem   TokenProblem
	// Label and Days are what was typed, or what the form offers.
	Label string
	Days  int
}

// Has reports whether the problem is one of these.
func (t AccountTokens) Has(problems ...TokenProblem) bool {
	return slices.Contains(problems, t.Problem)
}

// Making reports whether the problem is one of making a token.
func (t AccountTokens) Making() bool { return t.Problem != "" && !t.Has(TokenGone, TokenRevoking) }

// TokenApp is an app that takes access tokens.
type TokenApp struct {
	Name   string
	Chosen bool
}

// AccessToken is one of the person's access tokens. Its times are shown in their own zone.
type AccessToken struct {
	ID      string
	Label   string
	Apps    []string
	Created time.Time
	Expires time.Time
	Used    time.Time // zero for never
}
