// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package voucher owns what the word of an app is worth: which apps may say at the
// gateway who somebody is, of whom, what the session opens that comes of it, and that
// each token of theirs counts once. How a token is written belongs to package keyring;
// what the browser sees, to package portal.
package voucher

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// AMR is the `amr` of a session that an app has begun: its person has proven nothing.
const AMR = "app"

// unknownAddress is where somebody is whose place does not matter.
var unknownAddress netip.Addr

// Terms are what the word of one app is worth.
type Terms struct {
	// App is the name of the app.
	App string
	// Keys are those with which it signs. No other app has any of them.
	Keys [][]byte
	// People says whom it may sign in.
	People *policy.Policy
	// Apps are the names of the apps that such a session opens.
	Apps []string
}

// Book holds the terms of each app whose word counts at all. It is a configuration's, and
// does not change: a session is looked up in the book of whoever it comes to, so that
// what an operator takes back is taken back from the sessions there are.
type Book []Terms

// of returns the terms of an app, or nil.
func (b Book) of(app string) *Terms {
	for i := range b {
		if b[i].App == app {
			return &b[i]
		}
	}
	return nil
}

// Vouches reports whether the app may sign the person in, as they are now.
func (b Book) Vouches(app string, user *identity.User) bool {
	terms := b.of(app)
	return terms != nil && terms.People.Admits(user, unknownAddress)
}

// Stands reports whether a session is one. It is none any more when the app that has
// begun it may not sign its person in, as they are now.
func (b Book) Stands(s *session.Session, user *identity.User) bool {
	return s.Via == "" || b.Vouches(s.Via, user)
}

// Bars returns why a session does not open an app, whatever its person may there, or "".
func (b Book) Bars(s *session.Session, app string) string {
	if s.Via == "" || b.Opens(s.Via, app) {
		return ""
	}
	return fmt.Sprintf("the session was begun by the app %s, whose word is not enough here", s.Via)
}

// Opens reports whether a session that the app has begun opens another one, or itself.
func (b Book) Opens(app, other string) bool {
	terms := b.of(app)
	return terms != nil && slices.Contains(terms.Apps, other)
}

// Word is what an app says in a token.
type Word struct {
	// App is the app that says it, Username the name of the person.
	App, Username string
	// Expires is when the token ends.
	Expires time.Time
}

// Read returns what a token says at now to the gateway at a host. Its errors are fit for
// a log. Where the app is known whose token it is, the Word names it beside the error.
func (b Book) Read(token, host string, now time.Time) (Word, error) {
	for i := range b {
		claims, err := keyring.ReadPHPRunner(token, b[i].Keys, host, now)
		if errors.Is(err, keyring.ErrPHPRunnerForeign) {
			continue
		}
		return Word{App: b[i].App, Username: claims.Username, Expires: claims.Expires}, err
	}
	return Word{}, keyring.ErrPHPRunnerForeign
}
