// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package session owns what a login leaves behind on the server: the session
// record, the tokens that open it, and the cookies that carry the tokens. It
// starts, finds, extends to further hosts, replaces and ends sessions in a
// store. What makes a warm request fast is package live's; who may go where is
// package policy's; how a login reaches another host is package handoff's.
package session

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Kind is the kind of session records in the store.
const Kind store.Kind = "session"

// clockSlack is how far in the future a session may have begun or been used. A
// clock that was set back by more must not make sessions live longer than they
// were given.
const clockSlack = 5 * time.Minute

// Session is one login of one person at one browser. It is never changed once
// made: a change makes another one with a higher Version.
type Session struct {
	// ID is the selector: it names the session in lists, logs and the `sid` of
	// assertions, and proves nothing.
	ID store.ID
	// UserID is the ID of the person.
	UserID string
	// AuthTime is when the person last proved who they are.
	AuthTime time.Time
	// AMR is how they proved it (RFC 8176), for example "pwd".
	AMR []string
	// Via is the app whose word the person has come by, or empty: they have proven
	// nothing themselves then, and the session opens what that app may open.
	Via string
	// Browser is the portal's name for the browser, or empty.
	Browser string
	// Bond keeps together what the apps have left in the browser: the same in all
	// sessions that a person takes up again there, and another one after a sign-out.
	// Nobody can guess it.
	Bond string
	// Agent and Address are what the browser said and where it came from at
	// login, for the person who looks at a list of their sessions. A session is
	// bound to neither.
	Agent   string
	Address string
	// Limits are those that counted for this session at login, so Remember is
	// zero. Where the configured ones are stricter now, they count.
	Limits Limits
	// Remembered says that the person asked to stay signed in at this browser.
	Remembered bool
	// Created is when the session was started.
	Created time.Time
	// Seen is when the session was last used, as far as the store knows.
	Seen time.Time
	// Version counts the changes of the session.
	Version uint64

	secrets []store.Secret
	follows []store.ID
}

// payload is what the sealed part of a session record holds.
type payload struct {
	AuthTime   int64         `json:"auth_time"`
	AMR        []string      `json:"amr,omitempty"`
	Via        string        `json:"via,omitempty"`
	Browser    string        `json:"browser,omitempty"`
	Bond       string        `json:"bond,omitempty"`
	Agent      string        `json:"agent,omitempty"`
	Address    string        `json:"address,omitempty"`
	Idle       time.Duration `json:"idle,omitempty"`
	Lifetime   time.Duration `json:"lifetime,omitempty"`
	Remembered bool          `json:"remembered,omitempty"`
	Follows    []store.ID    `json:"follows,omitempty"`
}

// Decode reads a session from its record. It keeps no memory of the record's.
func Decode(r store.Record) (*Session, error) {
	var p payload
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return nil, fmt.Errorf("session %s: %w: %w", r.ID, store.ErrCorrupt, err)
	}
	return &Session{
		ID:       r.ID,
		UserID:   r.Owner,
		AuthTime: time.Unix(p.AuthTime, 0),
		AMR:      p.AMR,
		Via:      p.Via,
		Browser:  p.Browser,
		// Records of earlier versions have none.
		Bond:       cmp.Or(p.Bond, r.ID.String()),
		Agent:      p.Agent,
		Address:    p.Address,
		Limits:     Limits{Idle: p.Idle, Lifetime: p.Lifetime},
		Remembered: p.Remembered,
		Created:    r.Created,
		Seen:       r.Seen,
		Version:    r.Version,
		secrets:    slices.Clone(r.Secrets),
		follows:    p.Follows,
	}, nil
}

// record is the opposite of Decode.
func (s *Session) record() (store.Record, error) {
	data, err := json.Marshal(payload{
		AuthTime:   s.AuthTime.Unix(),
		AMR:        s.AMR,
		Via:        s.Via,
		Browser:    s.Browser,
		Bond:       s.Bond,
		Agent:      s.Agent,
		Address:    s.Address,
		Idle:       s.Limits.Idle,
		Lifetime:   s.Limits.Lifetime,
		Remembered: s.Remembered,
		Follows:    s.follows,
	})
	if err != nil {
		return store.Record{}, fmt.Errorf("session %s: %w", s.ID, err)
	}
	r := store.Record{
		Kind:    Kind,
		ID:      s.ID,
		Owner:   s.UserID,
		Secrets: s.secrets,
		Payload: data,
		Created: s.Created,
		Seen:    s.Seen,
		Version: s.Version,
	}
	if s.Limits.Lifetime > 0 {
		r.Expires = s.Created.Add(s.Limits.Lifetime + Grace)
	}
	if s.Limits.Idle > 0 {
		r.Idle = s.Limits.Idle + Grace
	}
	return r, nil
}

// Opens reports whether the token's secret was handed out for this session at
// this origin. The comparison takes the same time wherever the hashes differ.
func (s *Session) Opens(token Token, origin string) bool {
	hash := sha256.Sum256(token.Secret[:])
	found := 0
	for i := range s.secrets {
		if originOf(s.secrets[i].Audience) == origin {
			found |= subtle.ConstantTimeCompare(hash[:], s.secrets[i].Hash[:])
		}
	}
	return found == 1
}

// Holds reports whether the challenge is that of a token which this session
// handed out for the origin: the browser that showed it is signed in there already.
func (s *Session) Holds(challenge, origin string) bool {
	for i := range s.secrets {
		if originOf(s.secrets[i].Audience) == origin && challengeOf(s.secrets[i].Hash) == challenge {
			return true
		}
	}
	return false
}

// Origins lists the origins that hold a token of this session, each once.
func (s *Session) Origins() []string {
	var origins []string
	for _, secret := range s.secrets {
		if origin := originOf(secret.Audience); !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// End returns the moment from which the session is over when it was last used
// at seen and the configured limits are as given: the earliest of the stored
// limits and those configured for sessions of this sort. Zero means never.
func (s *Session) End(seen time.Time, configured Limits) time.Time {
	var end time.Time
	earlier := func(from time.Time, limit time.Duration) {
		if limit <= 0 {
			return
		}
		if t := from.Add(limit); end.IsZero() || t.Before(end) {
			end = t
		}
	}
	earlier(s.Created, s.Limits.Lifetime)
	earlier(s.Created, configured.For(s.Remembered).Lifetime)
	earlier(seen, s.IdleLimit(configured))
	return end
}

// IdleLimit returns how long the session may go without a use when the configured limits
// are as given. Zero means for ever.
func (s *Session) IdleLimit(configured Limits) time.Duration {
	stored, now := s.Limits.Idle, configured.For(s.Remembered).Idle
	if stored <= 0 || now > 0 && now < stored {
		return now
	}
	return stored
}

// Expired reports whether the session is over at now. A session that began or
// was used later than now, by more than clocks differ, belongs to a clock that
// was set back and counts as over.
func (s *Session) Expired(seen time.Time, configured Limits, now time.Time) bool {
	if s.Created.Sub(now) > clockSlack || seen.Sub(now) > clockSlack {
		return true
	}
	end := s.End(seen, configured)
	return !end.IsZero() && !now.Before(end)
}

// Keep returns how long a browser that is given a token now is to keep it: zero,
// until it is closed, unless the person asked to stay signed in.
func (s *Session) Keep(configured Limits, now time.Time) time.Duration {
	if !s.Remembered || configured.Remember <= 0 {
		return 0
	}
	return max(s.End(s.Seen, configured).Sub(now), time.Second)
}
