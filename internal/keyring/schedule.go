// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"errors"
	"time"
)

// Schedule says how long keys live. The zero value works: a duration of 0 is its default.
type Schedule struct {
	// Rotate is how long a key signs before the next one takes over. Default 30 days.
	Rotate time.Duration
	// Publish is how long a next key is at least in the JWKS before it signs by
	// itself, so that verifiers which cache the JWKS know it by then. Default 24 h.
	Publish time.Duration
	// Retire is how long a key stays in the JWKS after it has stopped signing: the
	// longest lifetime of an assertion and the time that a JWKS may be cached. It
	// also bounds the lifetime that [Ring.Sign] accepts. Default 2 h.
	Retire time.Duration
}

// orDefaults returns the schedule with its defaults filled in.
func (s Schedule) orDefaults() (Schedule, error) {
	if s.Rotate < 0 || s.Publish < 0 || s.Retire < 0 {
		return Schedule{}, errors.New("key schedule: a duration is negative")
	}
	if s.Rotate == 0 {
		s.Rotate = 30 * 24 * time.Hour
	}
	if s.Publish == 0 {
		s.Publish = 24 * time.Hour
	}
	if s.Retire == 0 {
		s.Retire = 2 * time.Hour
	}
	return s, nil
}

// due returns when the family's next key is to take over.
func (s Schedule) due(f *family) time.Time {
	due := f.Current.since.Add(s.Rotate)
	if published := f.Next.created.Add(s.Publish); published.After(due) {
		return published
	}
	return due
}
