// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package audit owns the record of the decisions that matter: who signed in, who
// was turned away, what ended. Each is one structured line with stable names
// (docs/audit.md). An event has no field that could hold a secret: a session is
// named by its selector, a person by name, a code and a token not at all.
package audit

import (
	"net/netip"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Kind names what has happened. The names are stable.
type Kind string

// The kinds of events.
const (
	// Login: a person has signed in.
	Login Kind = "login"
	// LoginFailed: a sign-in was refused; Reason says why.
	LoginFailed Kind = "login_failed"
	// WordTaken: an app has said who somebody is, and that person is asked whether they
	// go on; Login follows when they do.
	WordTaken Kind = "app_token_taken"
	// WordRefused: what an app has said does not count; Reason says why.
	WordRefused Kind = "app_token_refused"
	// Logout: a person has ended their session.
	Logout Kind = "logout"
	// SessionsEnded: an operator or a change of the user has ended sessions.
	SessionsEnded Kind = "sessions_ended"
	// Denied: a request was turned away by an app's policy or for its form.
	Denied Kind = "denied"
	// HandoffRefused: a login did not reach the host of an app.
	HandoffRefused Kind = "handoff_refused"
	// FormKept: a form that was sent after its session had ended is kept.
	FormKept Kind = "form_kept"
	// FormSent: its person has signed in again and sent it.
	FormSent Kind = "form_sent"
	// FormDropped: it was destroyed unsent; Reason says why.
	FormDropped Kind = "form_dropped"
	// TokenMade: a person has made an access token for scripts.
	TokenMade Kind = "access_token_made"
	// TokenRevoked: access tokens have been revoked; Reason says why.
	TokenRevoked Kind = "access_token_revoked"
	// CookiesDropped: an app has set more cookies than fit into a request; Count says how
	// many were left out.
	CookiesDropped Kind = "cookies_dropped"
	// UserChanged: a user was added, changed, disabled, enabled or removed.
	UserChanged Kind = "user_changed"
	// BackchannelDelayed: an app did not take what it was told of a logout; it is
	// told again.
	BackchannelDelayed Kind = "backchannel_delayed"
	// BackchannelFailed: an app will not be told of a logout any more.
	BackchannelFailed Kind = "backchannel_failed"
	// KeyRotated: another key signs now.
	KeyRotated Kind = "key_rotated"
	// Failure: an error of ours, which people see only as a code.
	Failure Kind = "failure"
)

// Event is one decision. Fields that do not apply are left at their zero value
// and are not written.
type Event struct {
	Kind Kind
	// User is the name of the person, as far as known; for a failed login what
	// was typed, which may be anything.
	User string
	// App is the name of the app.
	App string
	// Address is the client's address.
	Address netip.Addr
	// Reason says why, in the program's own words.
	Reason string
	// Session is the selector of the session, which proves nothing.
	Session store.ID
	// Request is the ID that error pages show.
	Request string
	// Count says how many, where an event stands for several things.
	Count int
}

// Sink takes events. Record does not block on anything slower than a log line
// and may be called from many goroutines.
type Sink interface{ Record(Event) }
