// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// What happens to a sign-in beyond the bound of [PerUser].
const (
	endOldest = "end_oldest"
	refuse    = "refuse"

	mostPerUser = 1000
)

// resolve returns the limits with defaults filled in. A lifetime below the usual idle
// limit is the only limit.
func (s Session) resolve() Session {
	if s.Lifetime == 0 {
		s.Lifetime = caddy.Duration(12 * time.Hour)
	}
	if s.Idle == 0 {
		s.Idle = min(caddy.Duration(time.Hour), s.Lifetime)
	}
	return s
}

// check reads the option `session` of a Caddyfile as a whole.
func (s *Session) check() error {
	if err := s.resolve().validate(); err != nil {
		return fmt.Errorf("option %q: %w", "session", err)
	}
	return nil
}

// validate checks limits that are resolved, together, and what is left out where nothing is offered or bounded. Its error
// begins with the name of the option.
func (s Session) validate() error {
	if s.Remember != 0 {
		if err := lifetimeBounds().check(s.Remember); err != nil {
			return fmt.Errorf("remember: %w", err)
		}
		if s.Remember <= s.Lifetime {
			return fmt.Errorf("remember: %s is not longer than the lifetime %s: write a longer time, or leave remember out",
				inWords(time.Duration(s.Remember)), inWords(time.Duration(s.Lifetime)))
		}
	}
	if err := s.PerUser.validate(); err != nil {
		return fmt.Errorf("per_user: %w", err)
	}
	return nil
}

func (p PerUser) validate() error {
	switch {
	case p == PerUser{}:
		return nil
	case p.Most < 1 || p.Most > mostPerUser:
		return fmt.Errorf("%d is not between 1 and %d", p.Most, mostPerUser)
	case !slices.Contains([]string{"", endOldest, refuse}, p.Beyond):
		return unknown("word", p.Beyond, []string{endOldest, refuse})
	}
	return nil
}

// bound is what the portal holds people to.
func (p PerUser) bound() session.PerUser {
	return session.PerUser{Most: p.Most, Refuse: p.Beyond == refuse}
}

// option reads it from a Caddyfile.
func (p *PerUser) option() option {
	return option{usage: "N [end_oldest|refuse]", min: 1, max: 2, words: func(words []string) error {
		most, err := strconv.Atoi(words[0])
		if err != nil || most < 1 || most > mostPerUser {
			return fmt.Errorf("%q is not a number from 1 to %d: write how many sessions a person may have, such as 5", words[0], mostPerUser)
		}
		p.Most = most
		if len(words) == 2 {
			p.Beyond = words[1]
		}
		return p.validate()
	}}
}
