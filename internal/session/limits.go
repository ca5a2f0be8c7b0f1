// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import "time"

// Limits are how long a session may live. Zero means no such limit.
type Limits struct {
	// Idle ends a session that has seen no request for this long.
	Idle time.Duration
	// Lifetime ends a session this long after its login, whatever happens.
	Lifetime time.Duration
	// Remember is how long a session lives whose person asked to stay signed in at
	// this browser, in place of the other two. Zero means that nobody may ask.
	Remember time.Duration
}

// For returns the limits that count for a session: a remembered one has only a
// lifetime. Where nobody may ask to be remembered it is a session like any other,
// so that an operator who takes the option away has taken it from everybody.
func (l Limits) For(remembered bool) Limits {
	if remembered && l.Remember > 0 {
		return Limits{Lifetime: l.Remember}
	}
	return Limits{Idle: l.Idle, Lifetime: l.Lifetime}
}
