// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"slices"
	"time"
)

// AccountProblem says why a password was not changed.
type AccountProblem string

// The problems of changing a password. The empty one is no problem.
const (
	AccountWrong       AccountProblem = "wrong"       // the current password is not the one that was typed
	AccountIncomplete  AccountProblem = "incomplete"  // one of the two was left empty
	AccountShort       AccountProblem = "short"       // a new one of fewer than 8 characters
	AccountLong        AccountProblem = "long"        // a new one of more than 1 KB
	AccountControls    AccountProblem = "controls"    // a new one with characters that cannot be typed
	AccountThrottled   AccountProblem = "throttled"   // too many wrong attempts; RetryAfter says when the next one counts
	AccountBusy        AccountProblem = "busy"        // more attempts at one moment than passwords can be checked
	AccountUnavailable AccountProblem = "unavailable" // the new one could not be stored
)

// AccountChange says what has come of a change of the password.
type AccountChange string

// The outcomes of a change. The empty one is none.
const (
	AccountEnded      AccountChange = "ended"      // changed, all other sessions are ended and access tokens revoked
	AccountKept       AccountChange = "kept"       // changed, and the others go on as the person wanted
	AccountUnfinished AccountChange = "unfinished" // changed, and the end of sessions could not be stored yet
)

// Account is the page of /account: who the person is. Its form posts current, password and keep_others there.
type Account struct {
	Site
	User       Person
	Email      string // may be empty
	Groups     []string
	Password   bool // whether the password can be changed here
	Others     int  // how many other sessions the person has
	KeepOthers bool // ticked again after a problem
	Problem    AccountProblem
	Change     AccountChange
	Ended      int // how many sessions have ended, for AccountEnded
	Revoked    int // how many access tokens were revoked, for AccountEnded
	Access     AccountTokens
	// RetryAfter is for AccountThrottled, AccountBusy, AccountUnavailable, AccountUnfinished, and the like of tokens; not shown when zero.
	RetryAfter time.Duration
	RequestID  string // shown with what is our fault
}

func (Account) file() string { return "account" }

// Here is the place in the navigation.
func (Account) Here() string { return "account" }

func (p Account) retryAfter() time.Duration { return p.RetryAfter }

// Has reports whether the problem is one of these.
func (p Account) Has(problems ...AccountProblem) bool { return slices.Contains(problems, p.Problem) }
