// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// office are the clients with which Word, Excel and their like look at links.
var office = map[string]func(*http.Request){
	"link":      with("User-Agent", "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"),
	"control":   with("User-Agent", "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; ms-office)"),
	"existence": with("User-Agent", "Microsoft Office Existence Discovery"),
	"protocol":  with("User-Agent", "Microsoft Office Protocol Discovery"),
	"word":      with("User-Agent", "Microsoft Office Word 2014"),
	"header":    with("X-Office-Major-Version", "16"),
}

// TestLinkProbe: Office is told that there is a page, so that it hands the link itself
// to the browser, and not the address of the sign-in. It learns nothing of the app, and
// leaves nothing.
func TestLinkProbe(t *testing.T) {
	l := listen(t)
	writes := l.door.writes()
	for what, edit := range office {
		for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodGet} {
			r, err := http.NewRequestWithContext(t.Context(), method, l.address+"/page?q=%22%3E1", nil)
			if err != nil {
				t.Fatal(err)
			}
			edit(r)
			with("Accept", "text/html, */*")(r)
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != http.StatusOK || res.Header["Location"] != nil || res.Header["Set-Cookie"] != nil || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %s: %s, %v", what, method, res.Status, res.Header)
			}
			if method != http.MethodHead && (!strings.Contains(string(body), `http-equiv="refresh"`) || !strings.Contains(string(body), wiki+"/page?q=%22%3E1")) {
				t.Errorf("%s: %s: the page does not load itself again:\n%s", what, method, body)
			}
		}
	}
	if len(l.arrived) > 0 || l.door.writes() != writes {
		t.Errorf("%d requests arrive, %d writes", len(l.arrived), l.door.writes()-writes)
	}
}

// TestOfficeOpensNothing: what a client says that it is changes nothing about what it may
// see, and nothing for whoever is signed in (threat 11).
func TestOfficeOpensNothing(t *testing.T) {
	l := listen(t, ruled(policy.Rules{Public: []string{"/public"}, Rules: []policy.Rule{
		{Any: true}, {Deny: true, Paths: []string{"/admin"}},
	}}))
	_, token := l.door.signIn()
	for what, edit := range office {
		for _, test := range []struct {
			what, method, path string
			edit               func(*http.Request)
			status             int
			arrives            bool
		}{
			{"a form", http.MethodPost, "/page", func(*http.Request) {}, http.StatusUnauthorized, false},
			{"WebDAV", "PROPFIND", "/page", func(*http.Request) {}, http.StatusUnauthorized, false},
			{"what is denied", http.MethodGet, "/admin", func(*http.Request) {}, http.StatusForbidden, false},
			{"a path read in two ways", http.MethodGet, "/a/%2e%2e/b", func(*http.Request) {}, http.StatusBadRequest, false},
			{"whoami", http.MethodGet, "/.gatehouse/whoami", func(*http.Request) {}, http.StatusUnauthorized, false},
			{"a browser's navigation", http.MethodGet, "/page", navigating, http.StatusSeeOther, false},
			{"a script", http.MethodGet, "/page", with("Sec-Fetch-Mode", "cors"), http.StatusUnauthorized, false},
			{"two cookies", http.MethodGet, "/page", with("Cookie", cookie+"=x; "+cookie+"=y"), http.StatusUnauthorized, false},
			{"a malformed cookie", http.MethodGet, "/page", with("Cookie", cookie+"=x"), http.StatusUnauthorized, false},
			{"what is public", http.MethodGet, "/public", func(*http.Request) {}, http.StatusOK, true},
			{"somebody", http.MethodGet, "/page", holding(token), http.StatusOK, true},
		} {
			res, h := l.send(test.method, test.path, edit, test.edit)
			if res.StatusCode != test.status || (h != nil) != test.arrives {
				t.Errorf("%s: %s: %s, arrives %t", what, test.what, res.Status, h != nil)
			}
			if test.what == "somebody" && h.Get("Remote-User") != "anna" {
				t.Errorf("%s: who is signed in is %q", what, h.Get("Remote-User"))
			}
		}
	}
}
