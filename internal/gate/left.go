// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/url"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
)

// left is where a browser passes through that has signed out at the portal, on its way to
// the page that says so: what it keeps for this host goes. Anybody may lead a browser
// here, so nothing goes unless its token shows that a session was ended, whose cookies
// nobody gets any more; what belongs to one that is merely over is waiting for its person.
func (v *visit) left() {
	_, returnTo, err := v.App.Targets.Parse(v.arrival.URL.Query().Get(handoff.ParamReturnTo))
	if err != nil {
		returnTo = v.at.Home()
	}
	if v.ended() {
		v.at.cookies.Clear(v.w.Header())
		v.disown()
	}
	v.redirect(v.Portal + "/logout?" + url.Values{handoff.ParamReturnTo: {returnTo}}.Encode())
}

// ended reports whether the browser shows the token of a session that is no more, and not
// one that may still be there. When nobody can tell it is not.
func (v *visit) ended() bool {
	if !v.presented.OK || v.presented.Token.IsNonce() {
		return false
	}
	id, err := v.held()
	return err == nil && id.IsZero()
}
