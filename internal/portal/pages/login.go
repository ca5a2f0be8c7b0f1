// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "time"

// LoginProblem says why the last attempt to sign in did not work.
type LoginProblem string

// The problems of signing in. The empty one is no problem.
const (
	// LoginWrong is for an unknown user and a wrong password alike: which of them it was is nobody's business.
	LoginWrong LoginProblem = "wrong"
	// LoginDisabled is for the right password of an account that is switched off, and for nothing else.
	LoginDisabled LoginProblem = "disabled"
	// LoginIncomplete is for an empty user name or password.
	LoginIncomplete LoginProblem = "incomplete"
	// LoginBusy is for more attempts at one moment than passwords can be checked.
	LoginBusy LoginProblem = "busy"
	// LoginThrottled is for too many failed attempts; RetryAfter says when the next one counts.
	LoginThrottled LoginProblem = "throttled"
	// LoginTooMany is for a person who is signed in in as many places as they may be.
	LoginTooMany LoginProblem = "too-many"
	// LoginUnavailable is for a store that takes no new session.
	LoginUnavailable LoginProblem = "unavailable"
)

// LoginNotice says why the person sees the login page, where that is worth a word.
type LoginNotice string

// The notices of the login page. The empty one is no notice.
const (
	// LoginEnded is for a browser whose session is over.
	LoginEnded LoginNotice = "ended"
	// LoginNobody is for a portal where nobody has an account yet: no password would help.
	LoginNobody LoginNotice = "nobody"
)

// Login is the page of /login. Its form posts username, password and return_to there, and remember where it is
// offered.
type Login struct {
	Site
	ReturnTo    string        // where to go afterwards, as a hidden field; empty leaves the field out
	Destination string        // the name of the app at ReturnTo; empty says nothing about it
	Username    string        // filled in again after a problem
	Problem     LoginProblem  // shown as an alert, instead of Notice
	RetryAfter  time.Duration // for LoginThrottled and LoginBusy; not shown when zero
	Notice      LoginNotice
	Remember    time.Duration // how long a person may ask to stay signed in; zero leaves the box out
	Remembered  bool          // ticked again after a problem
}

func (Login) file() string { return "login" }

func (p Login) retryAfter() time.Duration { return p.RetryAfter }
