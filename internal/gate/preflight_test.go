// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// preflighting is what a browser asks before a script of another origin may send a PUT.
func preflighting(r *http.Request) {
	r.Header.Set("Origin", "https://front.example.com")
	r.Header.Set("Access-Control-Request-Method", http.MethodPut)
	r.Header.Set("Access-Control-Request-Headers", "content-type")
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Site", "same-site")
	r.Header.Set("Sec-Fetch-Dest", "empty")
}

func passPreflight(a *gate.App) { a.PassPreflight = true }

// TestPreflight passes without a session, from nobody, whatever is added to it, and
// nothing of the answer is kept by anybody.
func TestPreflight(t *testing.T) {
	l := listen(t, passPreflight, func(a *gate.App) { a.StrictOrigin, a.KeepAuthorization = true, true })
	_, token := l.door.signIn()
	writes := l.door.writes()
	for what, edit := range map[string]func(*http.Request){
		"nobody":            func(*http.Request) {},
		"an older browser":  func(r *http.Request) { delete(r.Header, "Sec-Fetch-Mode") },
		"somebody's cookie": holding(token),
		"other cookies":     with("Cookie", "SID=1"),
		"forged":            forged,
	} {
		res, h := l.send(http.MethodOptions, "/api", preflighting, edit)
		l.isNobody(what, h)
		if res.StatusCode != http.StatusOK || h["Cookie"] != nil || h["Authorization"] != nil || res.Header["Set-Cookie"] != nil {
			t.Errorf("%s: %s, %v, sets %q", what, res.Status, h, res.Header["Set-Cookie"])
		}
		if h.Get("Access-Control-Request-Method") != http.MethodPut || h.Get("Origin") == "" {
			t.Errorf("%s: the question does not arrive: %v", what, h)
		}
	}
	if l.door.writes() != writes {
		t.Errorf("%d writes", l.door.writes()-writes)
	}
}

// TestNoPreflight: what only looks like one is answered as before, and so is each where
// the app does not want them.
func TestNoPreflight(t *testing.T) {
	l := listen(t, passPreflight)
	for what, test := range map[string]struct {
		method string
		edit   func(*http.Request)
	}{
		"another method":      {http.MethodPost, func(*http.Request) {}},
		"GET":                 {http.MethodGet, func(*http.Request) {}},
		"no origin":           {http.MethodOptions, func(r *http.Request) { delete(r.Header, "Origin") }},
		"two origins":         {http.MethodOptions, with("Origin", "https://a.example", "https://b.example")},
		"no method asked for": {http.MethodOptions, func(r *http.Request) { delete(r.Header, "Access-Control-Request-Method") }},
		"two methods":         {http.MethodOptions, with("Access-Control-Request-Method", "GET", "PUT")},
		"an empty method":     {http.MethodOptions, with("Access-Control-Request-Method", "")},
		"a navigation":        {http.MethodOptions, with("Sec-Fetch-Mode", "navigate")},
		"a script's own":      {http.MethodOptions, with("Sec-Fetch-Mode", "same-origin")},
		"an override":         {http.MethodOptions, with("X-Http-Method-Override", "DELETE")},
		"a folded override":   {http.MethodOptions, with("X_Method.Override", "GET")},
		"an upgrade":          {http.MethodOptions, with("Upgrade", "websocket")},
		"a body": {http.MethodOptions, func(r *http.Request) {
			r.Body, r.ContentLength = http.NoBody, 4
			r.Body = readCloser{strings.NewReader("body")}
		}},
		"a chunked body": {http.MethodOptions, func(r *http.Request) {
			r.ContentLength, r.Body = -1, readCloser{strings.NewReader("body")}
		}},
	} {
		if res, h := l.send(test.method, "/api", preflighting, test.edit); h != nil || res.StatusCode != http.StatusUnauthorized && what != "a navigation" {
			t.Errorf("%s: %s, arrives %t", what, res.Status, h != nil)
		}
	}
	l = listen(t)
	if res, h := l.send(http.MethodOptions, "/api", preflighting); h != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("where they do not pass: %s", res.Status)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// TestRulesHoldForPreflights, and so does the refusal of paths that are read in two ways.
func TestRulesHoldForPreflights(t *testing.T) {
	l := listen(t, passPreflight, ruled(policy.Rules{Rules: []policy.Rule{
		{Groups: []string{"nobody-is-in-it"}},
		{Deny: true, Paths: []string{"/admin/*"}},
	}}))
	for path, status := range map[string]int{
		"/api": http.StatusOK, "/admin/x": http.StatusForbidden, "//admin/x": http.StatusForbidden,
		"/a/%2e%2e/admin": http.StatusBadRequest, "/a%2fb": http.StatusBadRequest,
		"/.gatehouse/whoami": http.StatusMethodNotAllowed,
	} {
		if res, h := l.send(http.MethodOptions, path, preflighting); res.StatusCode != status || (h != nil) != (status == http.StatusOK) {
			t.Errorf("%s: %s, want %d", path, res.Status, status)
		}
	}
}
