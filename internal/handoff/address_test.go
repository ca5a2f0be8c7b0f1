// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// TestAddresses: each step of the walk begins with a configured origin, and carries
// its parameters so that the next step reads what the one before meant, whatever the
// person's address holds.
func TestAddresses(t *testing.T) {
	returnTo := "https://intranet.example.com/wiki/a%20b?x=1&code=y;z#?" + "\r\n"
	wiki := target("wiki", "https://intranet.example.com/wiki")
	challenge := session.NewNonce().Challenge()
	for _, test := range []struct {
		name, address, path string
		query               url.Values
	}{
		{"login", handoff.Login(portal, returnTo), portal + "/login", url.Values{"return_to": {returnTo}}},
		{"begin", handoff.Begin(wiki, returnTo), "https://intranet.example.com/wiki/.gatehouse/begin", url.Values{"return_to": {returnTo}}},
		{"begin again", handoff.BeginAgain(wiki, returnTo), "https://intranet.example.com/wiki/.gatehouse/begin", url.Values{"return_to": {returnTo}, "again": {"1"}}},
		{"code", handoff.Code(portal, challenge, returnTo), portal + "/handoff", url.Values{"return_to": {returnTo}, "challenge": {challenge}}},
		{"land", handoff.Land(wiki, "a&b"), "https://intranet.example.com/wiki/.gatehouse/land", url.Values{"code": {"a&b"}}},
		{"landed", handoff.Landed(wiki, returnTo), "https://intranet.example.com/wiki/.gatehouse/landed", url.Values{"return_to": {returnTo}}},
	} {
		path, query, _ := strings.Cut(test.address, "?")
		if path != test.path {
			t.Errorf("%s: at %q, want %q", test.name, path, test.path)
		}
		if got, err := url.ParseQuery(query); err != nil || got.Encode() != test.query.Encode() {
			t.Errorf("%s: says %q (%v), want %q", test.name, got, err, test.query)
		}
		if strings.ContainsAny(test.address, "\r\n#") {
			t.Errorf("%s: %q breaks a header or loses its end", test.name, test.address)
		}
	}
	if got, want := wiki.Home(), "https://intranet.example.com/wiki/"; got != want {
		t.Errorf("home is %q, want %q", got, want)
	}
}

// TestBegan: neither a prefetch nor a script, an image or a form of another page moves
// a hand-off on (threat 30).
func TestBegan(t *testing.T) {
	for _, test := range []struct {
		name, method string
		header       http.Header
		want         bool
	}{
		{"navigation", "GET", http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}, true},
		{"a client that says nothing", "GET", http.Header{}, true},
		{"HEAD", "HEAD", http.Header{"Sec-Fetch-Mode": {"navigate"}}, false},
		{"POST", "POST", http.Header{"Sec-Fetch-Mode": {"navigate"}}, false},
		{"fetch", "GET", http.Header{"Sec-Fetch-Mode": {"cors"}}, false},
		{"image", "GET", http.Header{"Sec-Fetch-Mode": {"no-cors"}}, false},
		{"websocket", "GET", http.Header{"Sec-Fetch-Mode": {"websocket"}}, false},
		{"prefetch", "GET", http.Header{"Sec-Purpose": {"prefetch"}, "Sec-Fetch-Mode": {"navigate"}}, false},
		{"prerender", "GET", http.Header{"Sec-Purpose": {"Prefetch;prerender"}, "Sec-Fetch-Mode": {"navigate"}}, false},
		{"old prefetch", "GET", http.Header{"Purpose": {"prefetch"}}, false},
		{"old Safari's preview", "GET", http.Header{"X-Purpose": {"preview"}}, false},
		{"second line", "GET", http.Header{"Sec-Purpose": {"", "prefetch"}, "Sec-Fetch-Mode": {"navigate"}}, false},
		{"old Firefox", "GET", http.Header{"X-Moz": {"prefetch"}}, false},
	} {
		if got := handoff.Began(&http.Request{Method: test.method, Header: test.header}); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
