// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// Limits bound what telling may cost. Zero fields mean the defaults.
type Limits struct {
	// Timeout is how long an app may take for its whole answer. Default: 10 s.
	Timeout time.Duration
	// Retry is the pause after a first failure; it doubles with each further one up
	// to RetryMost, and up to half is added by chance, so that what failed together
	// does not come back together. Default: 1 s, which is how long many apps take to
	// restart, and 10 min.
	Retry     time.Duration
	RetryMost time.Duration
	// MaxAge and MaxAttempts are when a message that an app did not take is given
	// up. Default: 24 h, and 200, which a clock that is set back may make the earlier.
	MaxAge      time.Duration
	MaxAttempts int
	// PerHost is how many requests to one host run at once. Default: 4.
	PerHost int
	// Queue is how many messages wait for one app at most; what comes then is
	// lost. Default: 50,000, some 20 MB of the store.
	Queue int
}

func (l Limits) orDefaults() Limits {
	l.Timeout = or(l.Timeout, 10*time.Second)
	l.Retry = or(l.Retry, time.Second)
	l.RetryMost = max(or(l.RetryMost, 10*time.Minute), l.Retry)
	l.MaxAge = or(l.MaxAge, 24*time.Hour)
	l.MaxAttempts = or(l.MaxAttempts, 200)
	l.PerHost = or(l.PerHost, 4)
	l.Queue = or(l.Queue, 50_000)
	return l
}

// or returns the value, or what stands for zero.
func or[T int | time.Duration](value, instead T) T {
	if value == 0 {
		return instead
	}
	return value
}

// pause returns how long to wait after so many failures in a row.
func (l Limits) pause(failures int) time.Duration {
	pause := l.Retry
	for range failures - 1 {
		if pause >= l.RetryMost {
			break
		}
		pause *= 2
	}
	pause = min(pause, l.RetryMost)
	var chance [4]byte
	rand.Read(chance[:]) // never fails (crypto/rand, since Go 1.24)
	share := float64(binary.NativeEndian.Uint32(chance[:])) / (1 << 32)
	return pause + time.Duration(share*float64(pause)/2)
}

// lease returns how long a message belongs to whoever has begun to send it: longer than
// that may take.
func (l Limits) lease() time.Duration { return l.Timeout + l.Timeout/2 }

// longest returns more than any pause or lease.
func (l Limits) longest() time.Duration { return 2 * max(l.RetryMost, l.lease()) }
