// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	sessionsPath = "/sessions"
	// mostSessions is how many sessions one page shows.
	mostSessions = 200
)

// sessions shows where the person is signed in.
func (v *visit) sessions(s *live.Session, user *identity.User) {
	v.showSessions(http.StatusOK, s, user, "")
}

// endSessions ends what the form names: another session, all others, or this one,
// which is signing out.
func (v *visit) endSessions(s *live.Session, user *identity.User) {
	if !v.form() {
		return
	}
	switch end := v.r.PostForm.Get("end"); end {
	case s.ID.String():
		v.end(s.ID, user)
	case pages.EndOthers:
		v.endOthers(s, user)
	default:
		v.endOther(s, user, end)
	}
}

// endOther ends another session of the person. What is somebody else's is as
// unknown as what never was.
func (v *visit) endOther(s *live.Session, user *identity.User, name string) {
	id, malformed := store.ParseID(name)
	all, err := v.Sessions.ByUser(v.r.Context(), user.ID)
	switch {
	case err != nil:
		v.unavailable(err)
		return
	case malformed != nil || !slices.ContainsFunc(all, func(s *session.Session) bool { return s.ID == id }):
		v.showSessions(http.StatusNotFound, s, user, pages.SessionsGone)
		return
	}
	if err := v.Sessions.End(context.WithoutCancel(v.r.Context()), id); err != nil {
		v.failed(err)
		v.showSessions(http.StatusServiceUnavailable, s, user, pages.SessionsEnding)
		return
	}
	v.record(audit.Event{Kind: audit.SessionsEnded, Session: id, Reason: "ended by the person", Count: 1}, user)
	v.redirect(v.Origin + sessionsPath)
}

func (v *visit) endOthers(s *live.Session, user *identity.User) {
	if _, err := v.endAllBut(s.ID, user, "ended by the person"); err != nil {
		v.failed(err)
		v.showSessions(http.StatusServiceUnavailable, s, user, pages.SessionsEnding)
		return
	}
	v.redirect(v.Origin + sessionsPath)
}

// endAllBut ends the sessions of a person but one. It goes on when the browser has
// gone: half of a lock-out is none.
func (v *visit) endAllBut(id store.ID, user *identity.User, why string) (int, error) {
	n, err := v.Sessions.EndAll(context.WithoutCancel(v.r.Context()), user.ID, id)
	if n > 0 {
		v.record(audit.Event{Kind: audit.SessionsEnded, Reason: why, Count: n}, user)
	}
	return n, err
}

// showSessions lists this session first, and then the others as they were seen last.
func (v *visit) showSessions(status int, current *live.Session, user *identity.User, problem pages.SessionsProblem) {
	all, err := v.others(current.ID, user)
	if err != nil {
		v.unavailable(err)
		return
	}
	page := pages.Sessions{Site: v.site(), User: person(user), Problem: problem}
	if problem == pages.SessionsEnding {
		page.RetryAfter = retryAfter
	}
	this := v.shown(current.State(), user)
	this.Current = true
	page.Sessions = append(page.Sessions, this)
	for _, s := range all {
		row := v.shown(s, user)
		if !row.Ending {
			page.Others++
		}
		if len(page.Sessions) < mostSessions {
			page.Sessions = append(page.Sessions, row)
		}
	}
	v.show(status, page)
}

// others returns the sessions of a person besides this one that are not over, as
// they were seen last. One that is being ended is among them until that is stored.
func (v *visit) others(current store.ID, user *identity.User) ([]*session.Session, error) {
	all, err := v.Sessions.ByUser(v.r.Context(), user.ID)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(s *session.Session) bool {
		return s.ID == current || s.Expired(s.Seen, v.Limits, v.now)
	})
	slices.SortStableFunc(all, func(a, b *session.Session) int { return cmp.Compare(b.Seen.UnixNano(), a.Seen.UnixNano()) })
	return all, nil
}

// shown is a session as its person sees it, at the server's clock.
func (v *visit) shown(s *session.Session, user *identity.User) pages.Session {
	return pages.Session{
		ID:         s.ID.String(),
		Agent:      s.Agent,
		Address:    s.Address,
		Created:    s.Created.Local(),
		Seen:       s.Seen.Local(),
		Apps:       v.reached(s, user),
		Via:        s.Via,
		Remembered: s.Remembered,
		Ending:     v.Live.IsEnding(s.ID),
	}
}

// reached returns what was opened with a session: the apps on the hosts that hold
// a token of it, as far as the person may open them, and the host itself where
// there is none.
func (v *visit) reached(s *session.Session, user *identity.User) []string {
	var all []string
	for _, origin := range s.Origins() {
		if origin == v.Origin {
			continue
		}
		names := v.appsAt(origin, user)
		if names == nil {
			_, host, _ := strings.Cut(origin, "://")
			names = []string{host}
		}
		all = append(all, names...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (v *visit) appsAt(origin string, user *identity.User) (names []string) {
	for _, target := range v.Targets {
		if target.Origin() != origin {
			continue
		}
		for _, app := range v.Apps {
			if app.Name == target.App && app.Policy.Admits(user, v.arrival.Client) {
				names = append(names, app.Name)
			}
		}
	}
	return names
}
