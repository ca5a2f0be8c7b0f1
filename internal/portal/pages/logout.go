// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "time"

// LogoutAsk is the page of GET /logout. Its first and only form posts return_to to /logout and signs out.
type LogoutAsk struct {
	Site
	User     Person
	ReturnTo string // where to go afterwards, as a hidden field; empty leaves the field out
}

func (LogoutAsk) file() string { return "logoutask" }

// LoggedOut is shown when nobody is signed in any more and that is stored. It must not be shown before.
type LoggedOut struct {
	Site
	ReturnTo string // taken along to /login by the link to sign in again; may be empty
}

func (LoggedOut) file() string { return "loggedout" }

// LogoutFailed is shown when a logout could not be stored: the session is refused from now on and storing is
// retried, but a restart could bring it back. So the page does not say that the person is signed out.
type LogoutFailed struct {
	Site
	ReturnTo   string // taken along when the person tries again; may be empty
	RequestID  string
	RetryAfter time.Duration // sent as Retry-After when not zero
}

func (LogoutFailed) file() string { return "logoutfailed" }

func (p LogoutFailed) retryAfter() time.Duration { return p.RetryAfter }
