// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"slices"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
)

// journey is the way of a browser to a page of an app, which may lead through the hosts
// of the app's companions.
type journey struct {
	// page is where it ends, at the target home.
	page string
	home handoff.Target
	// stop is the target whose code is asked for: that of the page, or a companion.
	stop    handoff.Target
	passing bool
}

// journey reads where a browser is and where it goes, and reports whether there is such
// a way: an address may ask for any, and gets only those that an app has.
func (v *visit) journey() (j journey, ok bool) {
	query := v.r.URL.Query()
	stop, page, ok := v.destination(query.Get(handoff.ParamReturnTo))
	j = journey{page: page, home: stop, stop: stop}
	if !ok || !query.Has(handoff.ParamThen) {
		return j, ok
	}
	j.passing = true
	if j.home, j.page, ok = v.destination(query.Get(handoff.ParamThen)); !ok {
		return j, false
	}
	return j, v.index(j) >= 0
}

// index is the place of the stop among the companions of the app, or -1.
func (v *visit) index(j journey) int {
	here := func(t handoff.Target) bool { return t.Origin() == j.stop.Origin() }
	return slices.IndexFunc(v.app(j.home).Companions, here)
}

// onward returns where the browser goes from its stop: to the next companion that the
// person may open and for which the session has no token yet, at last to the page. It
// only ever goes down the list, so every journey ends.
func (v *visit) onward(j journey, s *live.Session, user *identity.User) string {
	companions := v.app(j.home).Companions
	if j.passing {
		companions = companions[v.index(j)+1:]
	}
	held := s.State().Origins()
	for _, c := range companions {
		if !slices.Contains(held, c.Origin()) && v.admits(c, s, user) {
			return handoff.Pass(c, j.page)
		}
	}
	return j.page
}

// admits reports whether the person may open the app at a target, by this session.
func (v *visit) admits(t handoff.Target, s *live.Session, user *identity.User) bool {
	p := v.app(t).Policy
	return p != nil && p.Admits(user, v.arrival.Client) && v.opens(s, t.App)
}

// app returns the app at a target.
func (p *Portal) app(t handoff.Target) App {
	i := slices.IndexFunc(p.Apps, func(a App) bool { return a.Name == t.App })
	if i < 0 {
		return App{}
	}
	return p.Apps[i]
}
