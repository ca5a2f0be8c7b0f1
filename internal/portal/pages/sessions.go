// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "time"

// SessionsProblem says why the last thing that was asked for on the page of sessions is not done.
type SessionsProblem string

// The problems of the page of sessions. The empty one is no problem.
const (
	// SessionsGone is for a session that the person does not have: it has ended meanwhile, or was never theirs.
	SessionsGone SessionsProblem = "gone"
	// SessionsEnding is for an end that could not be stored yet.
	SessionsEnding SessionsProblem = "ending"
)

// EndOthers is what the form that ends all other sessions posts in place of a session's ID.
const EndOthers = "others"

// Sessions is the page of /sessions: where this person is signed in. Each of its forms but the one to sign out
// posts `end` to /sessions, the ID of a session or [EndOthers].
type Sessions struct {
	Site
	User     Person
	Sessions []Session // in the order given
	Others   int       // how many the person has besides this one and what is ending, also where not all are shown
	Problem  SessionsProblem
	// RetryAfter is for SessionsEnding.
	RetryAfter time.Duration
}

func (Sessions) file() string { return "sessions" }

// Here is the place in the navigation.
func (Sessions) Here() string { return "sessions" }

func (p Sessions) retryAfter() time.Duration { return p.RetryAfter }

// Hidden returns how many sessions there are that the page does not show.
func (p Sessions) Hidden() int {
	others := 0
	for _, s := range p.Sessions {
		if !s.Current && !s.Ending {
			others++
		}
	}
	return max(p.Others-others, 0)
}

// Session is one login of the person. Its times are shown in their own zone.
type Session struct {
	ID         string
	Agent      string // what the browser said of itself at the sign-in; its words are not shown
	Address    string // where it came from at the sign-in; may be empty
	Created    time.Time
	Seen       time.Time
	Apps       []string // what was opened with it: the names of apps, or where they are
	Via        string   // the app by whose word it began; empty where the person has proven who they are
	Remembered bool     // the person asked to stay signed in there
	Current    bool     // the one with which the page is looked at
	Ending     bool     // refused, and its end is not stored yet
}

// Device returns what the browser said of itself in words.
func (s Session) Device() Device { return ReadAgent(s.Agent) }
