// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"time"
)

const (
	// Grace is how much longer the store keeps a session that is over by its limits.
	// It opens nothing any more and is in no list, but a good token of it still tells
	// who was at this browser, so that the same person can go on there.
	Grace = 24 * time.Hour
	// touchLag is how late the store may learn that a session was used. It is told once a
	// second; the rest is for a disk that is slow.
	touchLag = time.Minute
)

// lastUse returns when the session may have been used last, for all that the store knows.
func (s *Session) lastUse(configured Limits) time.Time {
	lag := touchLag
	if idle := s.IdleLimit(configured); idle > 0 {
		lag = min(lag, idle)
	}
	return s.Seen.Add(lag)
}

// Over reports whether the session is over for sure at now: by the limits that it
// began with, and though its last use may be known a minute late. [Session.Expired]
// knows of stricter limits, of later uses and of clocks that were set back.
func (s *Session) Over(now time.Time) bool {
	end := s.End(s.lastUse(Limits{}), Limits{})
	return !end.IsZero() && !now.Before(end)
}

// Held returns the session that the token was handed out for at origin, also when it
// lets nobody in any more: because it is over for no longer than [Grace], or because its
// person is disabled. ErrNone: there is none, or it was ended. A selector alone finds
// nothing.
func (k *Keeper) Held(ctx context.Context, token Token, origin string) (*Session, error) {
	if token.IsNonce() {
		return nil, ErrNone
	}
	s, err := k.Get(ctx, token.ID)
	if err == nil && !s.Opens(token, origin) {
		return nil, ErrNone
	}
	return s, err
}
