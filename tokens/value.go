// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"fmt"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Value is what a token stands for.
type Value struct {
	// Data is anything.
	Data []byte
	// TTL is how long the token lives from now on, in whole milliseconds. Zero means
	// until it is deleted.
	TTL time.Duration
	// Reads is how many times it can be read from now on. Zero means any number.
	Reads uint32
}

// Entry is what reading a token returns. It belongs to the caller.
type Entry struct {
	Data []byte
	// Expires is when the token ends. Zero means never.
	Expires time.Time
	// Written is when it was created, or updated last.
	Written time.Time
	// ReadLimited reports whether the token can be read a number of times only, and
	// Reads how many of them are left. After the last one the token is gone.
	ReadLimited bool
	Reads       uint32
}

// TTL returns how long the token lives from now on, which is never longer than it was
// given when it was written, whatever the clock has done since. Zero means that it
// does not end by time.
func (e *Entry) TTL(now time.Time) time.Duration {
	if e.Expires.IsZero() {
		return 0
	}
	return max(0, min(e.Expires.Sub(now), e.Expires.Sub(e.Written)))
}

// expired reports whether the token has ended. The store has looked before, and time
// has gone by since; and the store goes by a clock that may have been set back.
func (e *Entry) expired(now time.Time) bool {
	return !e.Expires.IsZero() && (!now.Before(e.Expires) || e.Written.Sub(now) > clockSlack)
}

// What a record holds begins with a byte that says whether reads are limited: a
// record whose last read was just counted looks like one that was never limited.
const (
	unlimited   = 0
	readLimited = 1
)

func payload(v *Value) []byte {
	limited := byte(unlimited)
	if v.Reads > 0 {
		limited = readLimited
	}
	return append(append(make([]byte, 0, 1+len(v.Data)), limited), v.Data...)
}

func entry(r *store.Record) (Entry, error) {
	if len(r.Payload) == 0 || r.Payload[0] > readLimited {
		return Entry{}, fmt.Errorf("%w: %s %s holds no token", store.ErrCorrupt, r.Kind, r.ID)
	}
	return Entry{
		Data:        r.Payload[1:],
		Expires:     r.Expires,
		Written:     r.Seen,
		ReadLimited: r.Payload[0] == readLimited,
		Reads:       r.Reads,
	}, nil
}

// write puts a value into a record.
func (v *Value) write(r *store.Record, now time.Time) {
	r.Payload, r.Reads = payload(v), v.Reads
	r.Seen, r.Expires = now, time.Time{}
	if v.TTL > 0 {
		r.Expires = now.Add(v.TTL)
	}
}

func (l *Limits) check(v *Value) error {
	switch {
	case len(v.Data) > l.MaxData:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(v.Data), l.MaxData)
	case v.TTL < 0:
		return ErrLimit
	}
	return nil
}
