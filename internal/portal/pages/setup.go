// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "slices"

// SetupProblem says what is wrong with what was filled in on the set-up page.
type SetupProblem string

// The problems of the set-up page; several may be shown at once.
const (
	SetupUsername SetupProblem = "username" // empty, too long or with characters that no name may hold
	SetupName     SetupProblem = "name"     // too long, or not text
	SetupEmail    SetupProblem = "email"    // not an address
	SetupShort    SetupProblem = "short"    // a password of fewer than 8 characters
	SetupLong     SetupProblem = "long"     // a password of more than 1 KB
)

// Setup is the page behind the one-time set-up link. Its form posts token, username, name, email and password
// to /setup.
type Setup struct {
	Site
	Token                 string // what the link carried, as a hidden field
	Username, Name, Email string // filled in again after a problem
	Problems              []SetupProblem
}

func (Setup) file() string { return "setup" }

// Has reports whether any of the problems is among those to show.
func (p Setup) Has(problems ...SetupProblem) bool {
	return slices.ContainsFunc(problems, func(s SetupProblem) bool { return slices.Contains(p.Problems, s) })
}

// SetupGone is shown where a set-up link was used before, is too old or was never made.
type SetupGone struct {
	Site
}

func (SetupGone) file() string { return "setupgone" }
