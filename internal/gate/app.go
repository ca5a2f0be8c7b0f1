// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// App is one upstream application as its gate sees it. It does not change once
// a gate uses it.
type App struct {
	// Name is the app's name and the `aud` of its assertions.
	Name string
	// Targets are the app's public addresses, at least one.
	Targets handoff.Targets
	// Policy says who may do what.
	Policy *policy.Policy
	// Naming says as whom the app knows people.
	Naming Naming
	// Headers are the names under which the app learns who it is.
	Headers Headers
	// Credentials are accounts of an app that wants a name and a password; the first one
	// that is for a person counts.
	Credentials []Credential
	// PHPRunner signs people in to an app made with it.
	PHPRunner PHPRunner
	// Strip are further headers that no client may send.
	Strip []string
	// Signer signs the app's assertions, each good for Lifetime.
	Signer   keyring.Signer
	Lifetime time.Duration
	// Origins are those of the app's own pages.
	Origins Origins
	// StrictOrigin refuses unsafe requests that a page of another origin sent.
	StrictOrigin bool
	// Embedders are the origins whose pages may show the app in a frame.
	Embedders Embedders
	// KeepAuthorization leaves the client's Authorization header to the app.
	KeepAuthorization bool
	// PassPreflight lets the questions pass that browsers ask before a script of another
	// origin may send what it wants to.
	PassPreflight bool
	// Passive are the paths whose requests do not count as a use of the session: what
	// pages ask for by themselves, over and over, keeps nobody signed in.
	Passive policy.Paths
	// StreamsActive says that a session is in use as long as one of the app's streams
	// is open.
	StreamsActive bool
	// LogoutOn are the addresses by which people sign out of the app, and with that
	// out of everything.
	LogoutOn []LogoutAddress
	// SharedCookies leaves the app's cookies to all who use a browser. Otherwise they
	// belong to the person.
	SharedCookies bool
	// KeepPosts keeps a form that is sent after its session has ended by time, until its
	// person has signed in again.
	KeepPosts bool
	// Tokens lets scripts in by the access tokens that people make for them.
	Tokens bool
	// Response says what the app may not tell browsers.
	Response ResponseFilter
	// Redirects says that this gate stands on plain http for an app whose
	// address is https: navigations are sent to the right address.
	Redirects bool
}
