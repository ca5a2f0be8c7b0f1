// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// A script gets a few words that no cache keeps and no browser takes for HTML; a 401 has its challenge.
func TestUnauthorized(t *testing.T) {
	w := httptest.NewRecorder()
	pages.Unauthorized(w, "https://login.example.com", "r1")
	if want := "Not signed in. Sign in at https://login.example.com/\nRequest r1\n"; w.Code != http.StatusUnauthorized || w.Body.String() != want {
		t.Errorf("%d %q, want %q", w.Code, w.Body, want)
	}
	for name, want := range map[string]string{
		"Content-Type":           "text/plain; charset=utf-8",
		"Cache-Control":          "no-store",
		"X-Content-Type-Options": "nosniff",
		"Www-Authenticate":       `Gatehouse realm="https://login.example.com"`,
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	w := httptest.NewRecorder()
	pages.Plain(w, http.StatusServiceUnavailable, "")
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != "Service Unavailable\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}
