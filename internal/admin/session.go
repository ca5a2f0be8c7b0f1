// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Session is what an operator sees of a session. Nothing in it opens anything.
type Session struct {
	// ID is the selector, the `sid` of assertions and `session` of audit lines.
	ID store.ID `json:"id"`
	// User is the name of the person, empty for one who was removed meanwhile.
	User   string `json:"user"`
	UserID string `json:"user_id"`
	// Created is when the person signed in.
	Created time.Time `json:"created"`
	// Seen is when the session was last used; it may be a second behind.
	Seen time.Time `json:"seen"`
	// Expires is when it ends unless it is used before. Zero, and left out of the
	// JSON, means never.
	Expires time.Time `json:"expires,omitzero"`
	// Apps are the apps on whose hosts the session is signed in.
	Apps []string `json:"apps"`
	// Origins are these hosts, the portal's too, as browsers write an origin.
	Origins []string `json:"origins"`
	// Via is the app by whose word the person has come, empty where they have proven
	// who they are.
	Via string `json:"via,omitempty"`
	// Address and Agent are where the browser came from and what it called itself
	// at the sign-in. A client may have sent anything as its agent.
	Address string `json:"address"`
	Agent   string `json:"agent"`
	// Ending says that the session is refused, and that the store does not know yet.
	Ending bool `json:"ending,omitempty"`
}

// SessionFilter says which sessions are asked for; a zero field means all.
type SessionFilter struct {
	User string
	App  string
}

// Revocation names the sessions to be ended: exactly one field is set.
type Revocation struct {
	// ID is one session.
	ID store.ID `json:"id,omitzero"`
	// User means all sessions of a user, also of one who was removed.
	User string `json:"user,omitempty"`
	// All means the sessions of everybody.
	All bool `json:"all,omitempty"`
}

// Revoked is the answer to a [Revocation].
type Revoked struct {
	SessionsEnded int `json:"sessions_ended"`
}

func (a *Admin) describe(s *session.Session, names map[string]string) Session {
	origins := append([]string{}, s.Origins()...)
	return Session{
		ID: s.ID, User: names[s.UserID], UserID: s.UserID,
		Created: s.Created.UTC(), Seen: s.Seen.UTC(), Expires: s.End(s.Seen, a.Limits).UTC(),
		Apps: a.appsAt(origins), Origins: origins, Via: s.Via,
		Address: s.Address, Agent: s.Agent, Ending: a.Live.IsEnding(s.ID),
	}
}

// appsAt returns the names of the apps on these origins.
func (a *Admin) appsAt(origins []string) []string {
	apps := []string{}
	for _, app := range a.Apps {
		for _, target := range app.Targets {
			if slices.Contains(origins, target.Origin()) && !slices.Contains(apps, app.Name) {
				apps = append(apps, app.Name)
			}
		}
	}
	return apps
}
