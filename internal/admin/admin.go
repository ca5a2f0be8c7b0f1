// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package admin owns what an operator can do: change users, unlock them, look at
// sessions and end them, look at keys and rotate them, ask which rule decides, and
// take a backup. It knows neither HTTP nor flags, so that the admin API
// and the commands do exactly the same. Whether the caller may ask for it at all
// is decided before: by who reaches the admin endpoint, or the file.
//
// What an operator takes away from a person is gone when a call returns without
// an error. With one, the error says what has happened and what has not.
package admin

import (
	"context"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
)

// Admin carries out what an operator asks for. All fields but Apps, Way and Scrub
// are needed.
type Admin struct {
	Users    *local.Users
	Throttle *throttle.Throttle
	Tokens   *accesstoken.Keeper
	Keys     *keyring.Ring
	// Live is the memory above the store, through which every change goes, so that
	// it counts at the next request.
	Live *live.Live
	// Scrub leaves nothing of what was deleted before, as [store.Scrubber] does. Nil where
	// nothing is left anyway.
	Scrub func(context.Context) error
	// Limits are the configured limits of sessions.
	Limits session.Limits
	// Apps are the configured apps.
	Apps []App
	// Way follows a request to a gate, from what its URL alone says. Nil: sites hand
	// requests on as they come.
	Way func(Way, Question) (Way, error)
	// Audit learns of each change that was made.
	Audit audit.Sink
}

// App is an app as far as an operator asks about it.
type App struct {
	Name    string
	Targets handoff.Targets
	Policy  *policy.Policy
	// CanTell returns why the app cannot be told who somebody is, whom its gate then
	// refuses. Nil: it can be told of everybody.
	CanTell func(*identity.User) error
}

// byOperator is behind the reason of every change, so that the audit tells
// what an operator did from what a person did to themselves.
const byOperator = " by operator"

func (a *Admin) changed(user *identity.User, what string) {
	a.Audit.Record(audit.Event{Kind: audit.UserChanged, User: user.Name, Reason: what + byOperator})
}

func (a *Admin) sessions() *session.Keeper { return &session.Keeper{Store: a.Live} }
