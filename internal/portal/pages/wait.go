// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "time"

// wait is a duration as a person would say it: in whole days, hours, minutes or seconds, never less than it
// is. Exactly one of them is not zero.
type wait struct {
	Days, Hours, Minutes, Seconds int64
}

func newWait(d time.Duration) wait {
	seconds := wholeSeconds(d)
	switch {
	case seconds < 100:
		return wait{Seconds: max(seconds, 1)}
	case seconds < 100*60:
		return wait{Minutes: (seconds + 59) / 60}
	case seconds < 100*3600:
		return wait{Hours: (seconds + 3599) / 3600}
	}
	return wait{Days: (seconds + 86399) / 86400}
}

// wholeSeconds rounds up, because whoever comes back at the second they were told must not be too early.
func wholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
