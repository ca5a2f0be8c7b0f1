// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"slices"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// Embedders are the origins whose pages may show an app in a frame. None: nobody may, as
// far as the gate is asked.
//
// In a frame of another site browsers send no cookie that is Lax, so that of an app with
// embedders is not. What Lax has done is done here then: the cookie counts where a Lax one
// would have come, and in frames. Else every page in which the app is shown, and whatever
// else that page shows, could act in the person's name.
type Embedders []string

// framed reports whether the answer fills a frame.
func (e Embedders) framed(r *http.Request) bool {
	return len(e) > 0 && r.Header.Get("Sec-Fetch-Mode") == "navigate" && isFrame(r.Header.Get("Sec-Fetch-Dest"))
}

func isFrame(dest string) bool { return dest == "iframe" || dest == "frame" }

// counts reports whether our cookie may be believed. Every browser that sends it from
// frames says where its requests come from (Fetch Metadata); of one that does not, Origin
// tells what others have posted.
func (e Embedders) counts(own Origins, r *http.Request) bool {
	if len(e) == 0 {
		return true
	}
	if e.foreignUnsafe(own, r) {
		return false
	}
	site := r.Header["Sec-Fetch-Site"]
	if len(site) == 0 || len(site) == 1 && slices.Contains([]string{"same-origin", "same-site", "none"}, site[0]) || isUnsafe(r.Method) {
		return true
	}
	dest := r.Header.Get("Sec-Fetch-Dest")
	return own.sent(r) || r.Header.Get("Sec-Fetch-Mode") == "navigate" && (dest == "document" || isFrame(dest))
}

// foreignUnsafe reports whether a page that may not do that has sent a request that may
// change something. An embedder may send a form into its frame, and no more.
func (e Embedders) foreignUnsafe(own Origins, r *http.Request) bool {
	if len(e) == 0 || !own.ForeignUnsafe(r) {
		return false
	}
	mode := r.Header["Sec-Fetch-Mode"]
	return !Origins(e).sent(r) || len(mode) > 0 && (mode[0] != "navigate" || !isFrame(r.Header.Get("Sec-Fetch-Dest")))
}

// filter lets the answer of the app be shown by the embedders and by nobody else, and has
// its cookies kept in their frames.
func (e Embedders) filter(h http.Header) {
	if len(e) == 0 {
		return
	}
	delete(h, "X-Frame-Options")
	dropFrameAncestors(h)
	h.Add("Content-Security-Policy", pages.FrameAncestors(e...))
	appcookie.Embed(h)
}

// signInFrame answers in a frame where nobody is signed in. The frame keeps a nonce, which
// also takes the place of two cookies where there are such, and the link leads to a tab,
// where people sign in as ever.
func (v *visit) signInFrame() {
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	token := v.presented.Token
	if !v.bindsHandoff() {
		token = session.NewNonce()
		v.at.cookies.Set(h, token)
	}
	challenge := token.Challenge()
	pages.Challenge(h, v.Portal)
	v.render(http.StatusUnauthorized, pages.FrameSignIn{
		Site:      v.site(),
		App:       v.App.Name,
		SignInURL: handoff.Frame(v.at.Target, challenge, v.here()),
		Door:      doorName(challenge),
		DoorURL:   handoff.Door(v.at.Target, ""),
	})
}
