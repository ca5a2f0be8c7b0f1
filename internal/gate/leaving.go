// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"maps"
	"net/http"
	"slices"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/store"
)

// leaving is a request by which a person signs out of the app. The app sees it first.
// When the app's answer begins, the session ends, and only when that is stored does
// anything leave: a browser that fills a tab is led to the portal's page, with the
// cookies of the app's answer, and a script gets the answer itself.
type leaving struct {
	visit visit
	pass  *Pass
	id    store.ID
	user  *identity.User
	// before is what the header held before the app was asked.
	before http.Header
	tab    bool
	done   bool
}

// leaves reports whether the request is one by which a person signs out of the app.
func (v *visit) leaves(asked policy.Facts) bool {
	covered := func(a LogoutAddress) bool { return a.covers(asked.Path, v.r.URL.RawQuery) }
	return slices.ContainsFunc(v.App.LogoutOn, covered) && v.App.Origins.Asked(v.r)
}

// leavesTab reports whether somebody will see where the request ends. A browser that
// does not say what it does says so of a form by what it wants to have.
func (v *visit) leavesTab() bool {
	h := v.r.Header
	return IsNavigation(v.r) ||
		v.r.Method == http.MethodPost && len(h["Sec-Fetch-Mode"]) == 0 && acceptsHTML(h["Accept"]) && !isScripted(h)
}

// leave makes the request end the session.
func (v *visit) leave(p *Pass, id store.ID, user *identity.User) {
	p.leaving = &leaving{visit: *v, pass: p, id: id, user: user, before: v.w.Header().Clone(), tab: v.leavesTab()}
	p.writer.leaving = p.leaving
}

// answers ends the session, once, when the app is about to answer, and reports
// whether the answer has been given in the app's place.
func (l *leaving) answers() bool {
	if l.done {
		return false
	}
	l.done = true
	if l.pass.Session != nil {
		// What runs under the session is cut, but for this.
		l.pass.tie.Detach()
	}
	v, h := &l.visit, l.visit.w.Header()
	err := v.end(l.id, l.user)
	if err == nil && !l.tab {
		v.at.cookies.Clear(h)
		l.disown()
		return false
	}
	l.takeOver(h)
	if err != nil {
		v.logoutFailed()
		return true
	}
	v.at.cookies.Clear(h)
	l.disown()
	h.Set("Content-Length", "0")
	v.redirect(v.portalLogout())
	// The app may have much to say yet, which nobody needs to wait for. Where the
	// server cannot flush, the answer leaves when the app is through.
	_ = http.NewResponseController(v.w).Flush()
	return true
}

// takeOver leaves of the app's answer the cookies alone.
func (l *leaving) takeOver(h http.Header) {
	cookies := h["Set-Cookie"]
	clear(h)
	maps.Copy(h, l.before)
	if len(cookies) > 0 {
		h["Set-Cookie"] = cookies
	}
}

// unanswered is for an app that has said nothing.
func (l *leaving) unanswered() {
	if !l.done {
		l.pass.writer.implied()
	}
}
