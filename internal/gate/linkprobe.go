// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// probesLink reports whether Word, Excel or their like look at a link on which somebody
// has clicked, before the browser gets it. They ask by themselves, without the browser's
// cookies, follow redirects, and then open the address at which they have ended: that of
// the sign-in page, without the page it was for, and for good in the document.
//
// It is asked only where the answer would have been to sign in, so what a client says of
// itself opens nothing. Who brings a cookie of ours, or says what browsers say of a
// navigation, is none.
func (v *visit) probesLink() bool {
	switch v.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
	default:
		return false
	}
	h := v.r.Header
	return !v.presented.Came && !v.token.Came && len(h["Sec-Fetch-Mode"]) == 0 && isOffice(h)
}

func isOffice(h http.Header) bool {
	agent := strings.ToLower(h.Get("User-Agent"))
	for _, name := range []string{"ms-office", "msoffice", "microsoft office"} {
		if strings.Contains(agent, name) {
			return true
		}
	}
	for name := range h {
		if strings.HasPrefix(name, "X-Office-") || name == "X-Office" {
			return true
		}
	}
	return false
}

// answerProbe says that there is a page, so that the browser is sent to it. A client that
// shows the answer itself tries again. Neither learns anything of the app, and nothing is
// kept of it.
func (v *visit) answerProbe() {
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	if v.r.Method == http.MethodOptions {
		h.Set("Allow", "GET, HEAD, OPTIONS")
	}
	v.render(http.StatusOK, pages.Opening{Site: v.site(), URL: v.here()})
}
