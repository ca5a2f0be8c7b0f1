// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"fmt"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// A session that an app has begun says no more than which app that was. What it is worth
// is decided anew at each request, by what is configured now and by who its person is now.

// stands reports whether a session is one. It is none any more when the app that has
// begun it may not sign its person in now.
func (v *visit) stands(s *live.Session, user *identity.User) bool {
	return v.vouches(s.State(), user)
}

func (g *Gate) vouches(s *session.Session, user *identity.User) bool {
	return s.Via == "" || g.Vouchers.Vouches(s.Via, user)
}

// barred returns why a session does not open this app, whatever its person may, or "".
func (v *visit) barred(s *live.Session) string {
	if s == nil {
		return ""
	}
	return v.bars(s.State())
}

func (g *Gate) bars(s *session.Session) string {
	if s.Via == "" || g.Vouchers.Opens(s.Via, g.App.Name) {
		return ""
	}
	return fmt.Sprintf("the session was begun by the app %s, and does not open this one", s.Via)
}
