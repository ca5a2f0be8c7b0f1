// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import "time"

// newClock returns the clock of this machine, except that it does not follow one that is
// set back: a token that has a minute to live has a minute.
func newClock() (now func() time.Time) {
	start := time.Now()
	return func() time.Time {
		wall := time.Now()
		return later(wall, start, wall.Sub(start)) // which is measured apart from the time of day
	}
}

// later returns the later of what the clock on the wall shows, and of where it must be
// after so long since start.
func later(wall, start time.Time, elapsed time.Duration) time.Time {
	wall = wall.Round(0)
	if must := start.Round(0).Add(elapsed); must.After(wall) {
		return must
	}
	return wall
}

// clockSlack is by how much a token with a time to live may have been written in the
// future. One that was written by a clock that was ahead, and since was set back by
// more, would outlive its time.
const clockSlack = 5 * time.Minute
