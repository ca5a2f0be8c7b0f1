// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// framed is the site in a frame of another site's page.
var framed = pages.Site{
	Portal: "login.example.com", PortalURL: "https://login.example.com", AssetBase: "/wiki/.gatehouse/assets",
	FrameOrigins: []string{"https://portal.example.org"},
}

func framePages() map[string]pages.Page {
	return map[string]pages.Page{
		"frame":         pages.FrameSignIn{Site: framed, App: "wiki", SignInURL: "https://wiki.example.com/x", Door: "gatehouse-x", DoorURL: "https://wiki.example.com/y"},
		"frame tab":     pages.FrameTab{Site: gate, User: pages.Person{Username: "ada"}, App: "wiki", Door: "gatehouse-x", URL: "https://wiki.example.com/x", PageURL: "https://wiki.example.com/"},
		"frame door":    pages.FrameDoor{Site: framed, App: "wiki", PageURL: "https://wiki.example.com/"},
		"frame open":    pages.FrameDoor{Site: framed, App: "wiki", State: pages.DoorOpen, PageURL: "https://wiki.example.com/"},
		"frame refused": pages.FrameDoor{Site: framed, App: "wiki", State: pages.DoorRefused, PageURL: "https://wiki.example.com/"},
	}
}

// A page may be shown in a frame by those who are named and by nobody else, and what is shown to a program there as well.
func TestFrames(t *testing.T) {
	response, _ := render(t, pages.FrameDoor{Site: framed})
	w := httptest.NewRecorder()
	pages.Plain(w, http.StatusForbidden, "r1", framed.FrameOrigins...)
	for _, h := range []http.Header{response.Header, w.Header()} {
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "; frame-ancestors 'self' https://portal.example.org; base-uri 'none'") || h.Get("X-Frame-Options") != "" {
			t.Errorf("%v", h)
		}
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "form-action 'self' ") {
			t.Errorf("more than frames: %s", policy)
		}
	}
	if got := pages.FrameAncestors("https://a.example; script-src *", "https://b.example"); got != "frame-ancestors 'self' https://b.example" {
		t.Error(got)
	}
}
