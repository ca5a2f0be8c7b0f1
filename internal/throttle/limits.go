// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle

import (
	"cmp"
	"time"
)

// Limit says how many wrong guesses are taken within a window of time.
type Limit struct {
	Most   int
	Window time.Duration
}

// Limits are the limits for each thing that is counted.
type Limits struct {
	// Name counts guesses at one person, from anywhere but a browser they know.
	Name Limit
	// Address counts guesses from one address, whomever they are at. An office
	// or a mobile network may share it.
	Address Limit
	// Browser counts guesses at one person from one browser in which they have
	// signed in before.
	Browser Limit
}

// Defaults returns the limits when nothing else is said: in a quarter of an hour
// 10 guesses at a person, 10 more in each browser they know, and 300 from an address.
func Defaults() Limits {
	const window = 15 * time.Minute
	return Limits{Name: Limit{10, window}, Address: Limit{300, window}, Browser: Limit{10, window}}
}

func (l Limits) orDefaults() Limits {
	d := Defaults()
	return Limits{Name: l.Name.or(d.Name), Address: l.Address.or(d.Address), Browser: l.Browser.or(d.Browser)}
}

func (l Limit) or(d Limit) Limit {
	return Limit{cmp.Or(l.Most, d.Most), cmp.Or(l.Window, d.Window)}
}

// width returns how many attempts may be under way at once. Each of them is
// counted until it has turned out right, and those who are right shall not use
// the limit up together: more than a quarter of it waits for its turn. So one
// address cannot fill the queue for password hashes either.
func (l Limit) width() int { return max(1, l.Most/4) }
