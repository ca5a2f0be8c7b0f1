// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func request(method string, pairs ...string) *http.Request {
	r := httptest.NewRequest(method, "https://wiki.example.com/x", nil)
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Add(pairs[i], pairs[i+1])
	}
	return r
}

// Origins are written as browsers write them.
func TestOrigins(t *testing.T) {
	got := gate.NewOrigins(address(t, "https://Wiki.example.com:443/a"), address(t, "https://wiki.example.com/b"),
		address(t, "http://[::1]:8080"), address(t, "http://wiki.example.com:80"))
	want := gate.Origins{"https://wiki.example.com", "http://[::1]:8080", "http://wiki.example.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A page on a sibling host cannot open a WebSocket in somebody's name: the browser
// sends Lax cookies along, since the site is the same (threat 44).
func TestSiblingCannotOpenAWebSocket(t *testing.T) {
	own := gate.NewOrigins(address(t, "https://wiki.example.com"), address(t, "https://docs.example.com"))
	for name, test := range map[string]struct {
		r       *http.Request
		foreign bool
	}{
		"own":              {request("GET", "Upgrade", "websocket", "Origin", "https://wiki.example.com"), false},
		"own, other host":  {request("GET", "Upgrade", "websocket", "Origin", "https://docs.example.com"), false},
		"no browser":       {request("GET", "Upgrade", "websocket"), false},
		"sibling":          {request("GET", "Upgrade", "websocket", "Origin", "https://evil.example.com"), true},
		"plain http":       {request("GET", "Upgrade", "websocket", "Origin", "http://wiki.example.com"), true},
		"other port":       {request("GET", "Upgrade", "websocket", "Origin", "https://wiki.example.com:8443"), true},
		"longer name":      {request("GET", "Upgrade", "websocket", "Origin", "https://wiki.example.com.evil.org"), true},
		"null":             {request("GET", "Upgrade", "websocket", "Origin", "null"), true},
		"empty":            {request("GET", "Upgrade", "websocket", "Origin", ""), true},
		"two":              {request("GET", "Upgrade", "websocket", "Origin", "https://wiki.example.com", "Origin", "https://evil.org"), true},
		"extended CONNECT": {request("CONNECT", "Origin", "https://evil.example.com"), true},
		"no upgrade":       {request("GET", "Origin", "https://evil.example.com"), false},
		"any protocol":     {request("GET", "Upgrade", "h2c", "Origin", "https://evil.example.com"), true},
	} {
		if got := own.ForeignUpgrade(test.r); got != test.foreign {
			t.Errorf("%s: foreign %t, want %t", name, got, test.foreign)
		}
	}
}

// `csrf strict`: a page of another origin cannot change anything, not even one on a
// sibling host (threat 44).
func TestSiblingCannotPost(t *testing.T) {
	own := gate.NewOrigins(address(t, "https://wiki.example.com"), address(t, "https://docs.example.com"))
	for name, test := range map[string]struct {
		r       *http.Request
		foreign bool
	}{
		"own":                       {request("POST", "Sec-Fetch-Site", "same-origin", "Origin", "https://wiki.example.com"), false},
		"own, referrer hidden":      {request("POST", "Sec-Fetch-Site", "same-origin", "Origin", "null"), false},
		"typed":                     {request("POST", "Sec-Fetch-Site", "none"), false},
		"own, other host":           {request("POST", "Sec-Fetch-Site", "same-site", "Origin", "https://docs.example.com"), false},
		"sibling":                   {request("POST", "Sec-Fetch-Site", "same-site", "Origin", "https://evil.example.com"), true},
		"sibling, origin hidden":    {request("POST", "Sec-Fetch-Site", "same-site"), true},
		"other site":                {request("DELETE", "Sec-Fetch-Site", "cross-site", "Origin", "null"), true},
		"old browser, own":          {request("PUT", "Origin", "https://wiki.example.com"), false},
		"old browser, sibling":      {request("PUT", "Origin", "https://evil.example.com"), true},
		"old browser, null":         {request("POST", "Origin", "null"), true},
		"no browser":                {request("POST"), false},
		"odd method":                {request("PROPPATCH", "Sec-Fetch-Site", "cross-site"), true},
		"two sites":                 {request("POST", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"), true},
		"reading":                   {request("GET", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.org"), false},
		"asking":                    {request("OPTIONS", "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.org"), false},
		"lower case is another one": {request("get", "Sec-Fetch-Site", "cross-site"), true},
	} {
		if got := own.ForeignUnsafe(test.r); got != test.foreign {
			t.Errorf("%s: foreign %t, want %t", name, got, test.foreign)
		}
	}
}

// Only a page that is going to fill a tab, because a person asked for it, is led to
// the portal.
func TestIsNavigation(t *testing.T) {
	const html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for name, test := range map[string]struct {
		r    *http.Request
		want bool
	}{
		"browser":              {request("GET", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Accept", html), true},
		"form":                 {request("POST", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), true},
		"WebView":              {request("GET", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "X-Requested-With", "org.example.app"), true},
		"fetch":                {request("GET", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Accept", html), false},
		"image":                {request("GET", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"), false},
		"iframe":               {request("GET", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), false},
		"object":               {request("GET", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "object"), false},
		"prefetch":             {request("GET", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Purpose", "prefetch"), false},
		"prerender":            {request("GET", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Purpose", "prefetch;prerender"), false},
		"older prefetch":       {request("GET", "Accept", html, "Purpose", "prefetch"), false},
		"Firefox prefetch":     {request("GET", "Accept", html, "X-Moz", "prefetch"), false},
		"Safari preview":       {request("GET", "Accept", html, "X-Purpose", "preview"), false},
		"old browser":          {request("GET", "Accept", html), true},
		"old browser, HEAD":    {request("HEAD", "Accept", html), true},
		"old browser, form":    {request("POST", "Accept", html), false},
		"old browser, XHR":     {request("GET", "Accept", html, "X-Requested-With", "XMLHttpRequest"), false},
		"curl":                 {request("GET", "Accept", "*/*"), false},
		"nothing":              {request("GET"), false},
		"API":                  {request("GET", "Accept", "application/json, text/plain, */*"), false},
		"no html, please":      {request("GET", "Accept", "application/json, text/html;q=0.0"), false},
		"html, second line":    {request("GET", "Accept", "image/png", "Accept", "Text/HTML;level=1;q=0.1"), true},
		"WebSocket":            {request("GET", "Accept", html, "Upgrade", "websocket", "Connection", "Upgrade"), false},
		"WebSocket, new":       {request("GET", "Sec-Fetch-Mode", "websocket", "Upgrade", "websocket"), false},
		"WebSocket, HTTP/2":    {request("CONNECT", "Sec-Fetch-Mode", "navigate"), false},
		"looks like text/html": {request("GET", "Accept", "text/html5, xtext/html"), false},
	} {
		if got := gate.IsNavigation(test.r); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}
