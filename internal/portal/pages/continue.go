// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "time"

// Continue asks somebody whom an app has sent whether they are who it says: a link that somebody else has made
// would otherwise sign them in as that person, and what they do next would be in that person's account. Its first
// form posts Arrival, as arrival, to /continue.
type Continue struct {
	Site
	User     Person   // who the app says they are
	App      string   // the app that has sent them
	Apps     []string // what the session opens
	Arrival  string
	ReturnTo string // taken along by the link to sign in with a password; may be empty
}

func (Continue) file() string { return "continue" }

// ContinueProblem says why an app's word has signed nobody in.
type ContinueProblem string

// The problems of [NotContinued].
const (
	// ContinueRefused is for a token that does not count, whatever is wrong with it: which people there are is
	// nothing that an app's key is to find out.
	ContinueRefused ContinueProblem = ""
	// ContinueGone is for a page that was left open for too long, or used already.
	ContinueGone ContinueProblem = "gone"
	// ContinueTaken is for a browser with which somebody else is signed in.
	ContinueTaken ContinueProblem = "taken"
	// ContinueTooMany is for a person who is signed in in as many places as they may be.
	ContinueTooMany ContinueProblem = "too-many"
	// ContinueThrottled is for too many tokens that did not count.
	ContinueThrottled ContinueProblem = "throttled"
)

// NotContinued is shown in place of [Continue] when nothing comes of it.
type NotContinued struct {
	Site
	Problem    ContinueProblem
	User       Person        // for ContinueTaken, who is signed in
	GoOnURL    string        // for ContinueTaken, where that person goes on
	ReturnTo   string        // taken along by the links to sign in and out; may be empty
	RetryAfter time.Duration // not shown when zero
	RequestID  string
}

func (NotContinued) file() string { return "notcontinued" }

func (p NotContinued) retryAfter() time.Duration { return p.RetryAfter }
