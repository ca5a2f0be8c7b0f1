// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
)

// ours reports whether a browser that reads this Location stays on the portal or
// goes to a configured app.
func ours(location string) bool {
	u, err := url.Parse(location)
	if err != nil || strings.ContainsAny(location, "\\ \t\r\n") || u.User != nil {
		return false
	}
	at := u.Scheme + "://" + u.Host
	return at == origin || at == wiki || at == "https://apps.example.com" && strings.HasPrefix(u.Path, "/tickets/")
}

// foreign are addresses that must not be reached, in many clothes (threat 22).
var foreign = []string{
	"//evil.test", "///evil.test", "////evil.test", `/\evil.test`, `\/evil.test`, `\\evil.test`, `/\/evil.test`,
	"/%09/evil.test", "/\t/evil.test", "\t//evil.test", " https://evil.test", "https:evil.test", "https:/evil.test",
	"https:///evil.test", "https:\\\\evil.test", "http:evil.test", "https://evil.test", "HTTPS://EVIL.TEST/",
	"https://wiki.example.com.evil.test/", "https://wiki.example.com@evil.test/", "https://wiki.example.com:x@evil.test/",
	"https://evil.test@wiki.example.com/", "https://evil.test#@wiki.example.com/", "https://evil.test/https://wiki.example.com/",
	"https://evil.test\\@wiki.example.com/", "https://wiki.example.com\\.evil.test/", "https://wiki.example.com%2eevil.test/",
	"https://wiki.example.com\r\nLocation: https://evil.test/", "https://wiki.example.com/\r\nSet-Cookie: a=b",
	"https://wiki.example.com\x00.evil.test/", "https://wiki.example.com:443.evil.test/", "https://wiki.example.com:444/",
	"http://wiki.example.com/", "ftp://wiki.example.com/", "javascript:alert(1)", "javascript://wiki.example.com/%0aalert(1)",
	"data:text/html,x", "vbscript:x", "blob:https://wiki.example.com/x", "//wiki.example.com/", "/", "x", "?x", "#",
	"https://ｅvil.test/", "https://wiki。example.com/", "https://[::1]/", "https://login.example.com/", "https://login.example.com/logout",
	"https://apps.example.com/", "https://apps.example.com/tickets/../admin", "https://apps.example.com/tickets/%2e%2e/admin",
	"https://apps.example.com/tickets/..%2fadmin", "https://apps.example.com/ticketsevil",
}

// allow are addresses that a person may be going to, and where they then end.
var allow = map[string]string{
	wiki:                                   wiki + "/",
	wiki + "/a?b=//evil.test":              wiki + "/a?b=//evil.test",
	"https://WIKI.Example.com./a":          wiki + "/a",
	"https://wiki.example.com:443/a":       wiki + "/a",
	wiki + "/a#//evil.test":                wiki + "/a",
	tickets:                                tickets,
	tickets + "/x":                         tickets + "/x",
	wiki + "/.gatehouse/land?code=planted": wiki + "/",
}

// Threat 22: no address that a client sends, at any step, takes a person anywhere
// but to a configured app, and none that leads elsewhere is carried along.
func TestReturnAddressNeverLeavesTheApps(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	stranger, member := w.browser(), w.browser()
	member.signIn(anna)
	for _, to := range foreign {
		query := "?" + url.Values{"return_to": {to}}.Encode()
		answers := map[string]*answer{
			"GET /login, signed out": stranger.get("/login" + query),
			"GET /login, signed in":  member.get("/login" + query),
			"GET /handoff":           member.get("/handoff" + query),
			"GET /logout":            member.get("/logout" + query),
			"POST /login, wrong":     stranger.post("/login", url.Values{"username": {"nobody"}, "password": {"wrong password"}, "return_to": {to}}),
			"POST /login":            w.browser().post("/login", url.Values{"username": {anna}, "password": {password}, "return_to": {to}}),
			"POST /logout":           w.browser().post("/logout", url.Values{"return_to": {to}}),
		}
		for what, a := range answers {
			location := a.location()
			switch {
			case location == "":
				if strings.Contains(a.body, `name="return_to"`) || strings.Contains(a.body, "return_to=") {
					t.Errorf("%s: %q is carried along", what, to)
				}
			case !slices.Contains([]string{origin + "/", origin + "/login", origin + "/logout"}, location):
				t.Errorf("%s: %q leads to %s", what, to, location)
			}
		}
	}
}

func TestReturnAddressOfAnApp(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	for to, end := range allow {
		a := w.browser().post("/login", url.Values{"username": {anna}, "password": {password}, "return_to": {to}})
		u, err := url.Parse(a.location())
		if err != nil || !ours(a.location()) || u.Query().Get("return_to") != end {
			t.Errorf("%q leads to %s, want %s", to, a.location(), end)
		}
	}
}

// Whatever the query of the sign-in page is, it takes one redirect at most to the
// page, and the redirect stays here.
func FuzzLoginAddress(f *testing.F) {
	f.Add("return_to=https%3A%2F%2Fwiki.example.com%2F")
	f.Add("return_to=https%3A%2F%2Fwiki.example.com%2F&x=1")
	f.Add("%zz;a=b")
	f.Add("return_to=https://apps.example.com/tickets/%252e%252e/x")
	f.Add("return_to=https://wiki.example.com/%20?%%")
	for _, to := range foreign {
		f.Add(url.Values{"return_to": {to}}.Encode())
	}
	p := bare()
	f.Fuzz(func(t *testing.T, query string) {
		a := p(query)
		if a.Code == http.StatusSeeOther {
			location := a.Header().Get("Location")
			u, err := url.Parse(location)
			if err != nil || !ours(location) {
				t.Fatalf("%q leads to %s", query, location)
			}
			a = p(u.RawQuery)
		}
		if a.Code != http.StatusOK {
			t.Fatalf("%q: %d %s", query, a.Code, a.Header().Get("Location"))
		}
	})
}

// bare returns what asks a portal without a store for its sign-in page.
func bare() func(query string) *httptest.ResponseRecorder {
	p := &portal.Portal{Origin: origin, Targets: handoff.Targets{target("wiki", wiki), target("tickets", tickets)}}
	p.Prepare()
	return func(query string) *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/login", RawQuery: query}, Header: http.Header{}}
		p.Serve(recorder, r, portal.Arrival{})
		return recorder
	}
}
