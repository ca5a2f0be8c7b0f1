// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// What an app leaves in a browser belongs to the person. Cookies that the app shares
// among all who use the browser have no tags; what the browser keeps besides cookies is
// cleared all the same when the person changes.

// tags returns the tags of a person at the app's places, in their order. It asks the view
// before, whose tags are good as long as the bond is.
func (v *visit) tags(state *session.Session, before *view) []*appcookie.Tag {
	if v.App.SharedCookies {
		return nil
	}
	if before != nil && before.app == v.App && before.state.Bond == state.Bond {
		return before.tags
	}
	tags := make([]*appcookie.Tag, len(v.places))
	for i := range v.places {
		tags[i] = v.Tagger.Person(state.UserID, state.Bond, v.places[i].origin)
	}
	return tags
}

// tag returns the tag of the view's person at a place, or nil.
func (w *view) tag(at *place) *appcookie.Tag {
	if w.tags == nil {
		return nil
	}
	return w.tags[at.index]
}

// take leaves the request the cookies that are the tag's, and has its answer give them
// back.
func (v *visit) take(w *writer, tag *appcookie.Tag) {
	if tag == nil {
		return
	}
	w.jar, w.page = tag.Take(v.r.Header), v.arrival.URL
}

// claim makes the host the person's who lands on it.
func (v *visit) claim(s *session.Session) {
	stranger := v.isStranger(s)
	if !v.App.SharedCookies {
		v.Tagger.Person(s.UserID, s.Bond, v.at.origin).Claim(v.r.Header, v.w.Header(), v.arrival.URL.EscapedPath(), stranger)
	} else if stranger {
		appcookie.Clear(v.w.Header())
	}
}

// isStranger reports whether the browser still has a token for this host that is not
// known to be of the same person as the session.
func (v *visit) isStranger(s *session.Session) bool {
	token := v.presented.Token
	if !v.presented.OK || token.IsNonce() || token.ID == s.ID || s.Follows(token.ID) {
		return false
	}
	before, err := v.Sessions.Held(v.r.Context(), token, v.at.origin)
	return err != nil || before.UserID != s.UserID
}

// disown takes the host away from whoever has signed out.
func (v *visit) disown() {
	if v.App.SharedCookies {
		appcookie.Clear(v.w.Header())
		return
	}
	v.at.nobody.Claim(v.r.Header, v.w.Header(), v.arrival.URL.EscapedPath(), true)
}

// disown is the visit's, after the app has seen the request.
func (l *leaving) disown() {
	v := &l.visit
	if v.App.SharedCookies {
		appcookie.Clear(v.w.Header())
		return
	}
	l.pass.writer.jar.Claim(v.at.nobody, v.w.Header(), v.arrival.URL.EscapedPath(), true)
}
