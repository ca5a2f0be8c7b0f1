// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// says returns an address at which the app answers with these header lines.
func says(app string, lines ...string) string {
	return app + "/?" + url.Values{"answer": lines}.Encode()
}

// Threat 41: cookie tossing by an app that is hostile or broken into.
func appSetsOurCookie(t *testing.T, v visitor) {
	lines := []string{
		"Set-Cookie: __Host-gatehouse=tossed; Path=/; Secure",
		"Set-Cookie: gatehouse=tossed",
		"Set-Cookie: =gatehouse=tossed",
		"Set-Cookie: __host-gatehouse-browser=tossed",
		"Set-Cookie:  __Host-gatehouse-browser =tossed",
		"Set-Cookie: wide=1; Domain=example.org; Path=/",
		"Set-Cookie: own=1; HttpOnly",
	}
	got := v.browser.visit(says(wiki, lines...)).header["Set-Cookie"]
	for _, line := range got {
		if strings.Contains(line, "tossed") && strings.Contains(line, "__Host-gatehouse") || strings.Contains(line, "gatehouse=") {
			t.Errorf("passed on: %q", line)
		}
		if strings.Contains(strings.ToLower(line), "domain") {
			t.Errorf("reaches other hosts: %q", line)
		}
	}
	beginsWith := func(begin string) func(string) bool {
		return func(line string) bool { return strings.HasPrefix(line, begin) }
	}
	if !slices.ContainsFunc(got, beginsWith("wide=1")) || !slices.ContainsFunc(got, beginsWith("own~")) {
		t.Errorf("the app's own cookies have become %q", got)
	}
	allowed := v.browser.visit(says(strict, "Set-Cookie: wide=1; Domain=example.org; Path=/")).header["Set-Cookie"]
	if !slices.Contains(allowed, "wide=1; Domain=example.org; Path=/") {
		t.Errorf("allow_cookie_domain: %q", allowed)
	}
}

// An app that sends identities back says nothing: whoever asks us in front of it who a
// request comes from would believe it, and an assertion is not for scripts.
func appSendsIdentityBack(t *testing.T, v visitor) {
	lines := []string{
		"Remote-User: admin", "Remote_Groups: admins", "REMOTE-EMAIL: admin@example.com", "X-Gatehouse-Jwt: a.b.c", "X_Gatehouse_Session_Expires: 1",
		"X-Person: admin", "X-Other: stays",
	}
	for app, own := range map[string]bool{wiki: false, strict: true} {
		for name, who := range map[string]*browser{"signed in": v.browser, "nobody": v.gateway.browser(t)} {
			address := says(app, lines...)
			if name == "nobody" {
				if own {
					continue // nothing of it is public
				}
				address = says(app+"/public", lines...)
			}
			answer := who.visit(address)
			for header, values := range answer.header {
				if text := strings.Join(values, ","); header != "X-Person" && (strings.Contains(text, "admin") || text == "a.b.c" || text == "1") {
					t.Errorf("%s, %s: the browser receives %s: %s", app, name, header, text)
				}
			}
			// The name is one of ours at that app alone.
			if got := answer.header.Get("X-Person"); (got == "") != own || answer.header.Get("X-Other") != "stays" {
				t.Errorf("%s, %s: X-Person %q, X-Other %q", app, name, got, answer.header.Get("X-Other"))
			}
		}
	}
}

// An app that sets cookies without end, in one answer or in many, does not lock people
// out: Caddy would answer 431 to whoever sends all of them back, also to a sign-out.
func appSetsAThousandCookies(t *testing.T, v visitor) {
	p := v.gateway.person(t, "mallory")
	for _, length := range []int{0, 30, 900} {
		b := v.gateway.browser(t)
		b.arrive(p, wiki+"/")
		before := len(v.log.audit("cookies_dropped"))
		for range 3 {
			if answer := b.visit(fmt.Sprintf("%s/?cookies=1000&length=%d", wiki, length)); answer.status != http.StatusOK {
				t.Fatalf("answered %d with %d cookies", answer.status, len(answer.header["Set-Cookie"]))
			}
			b.mustKnow(p, wiki+"/")
		}
		if got := strings.Join(v.app.last(t).values("Cookie"), ""); got == "" || len(got) > 13<<10 {
			t.Errorf("the app gets %d bytes of cookies", len(got))
		}
		v.eventually("the log tells of them", func() bool { return len(v.log.audit("cookies_dropped")) >= before+3 })
		b.signOut(wiki)
		b.mustBeOut(wiki + "/")
	}
}

// Threat 42: Clear-Site-Data would sign people out, here and on sibling hosts.
func appClearsSiteData(t *testing.T, v visitor) {
	const line = `Clear-Site-Data: "cookies", "storage"`
	if got := v.browser.visit(says(wiki, line)).header["Clear-Site-Data"]; len(got) > 0 {
		t.Errorf("passed on: %q", got)
	}
	if got := v.browser.visit(says(strict, line)).header["Clear-Site-Data"]; len(got) != 1 {
		t.Errorf("allow_clear_site_data: %q", got)
	}
}

// Threat 45: what was made for one person is kept by no cache for another, nor
// is the answer to somebody who has not signed in.
func sharedCache(t *testing.T, v visitor) {
	got := v.browser.visit(says(wiki, "Cache-Control: public, max-age=60, s-maxage=600", "CDN-Cache-Control: max-age=600")).header
	cache := got.Get("Cache-Control")
	if !strings.Contains(cache, "private") || strings.Contains(cache, "public") || strings.Contains(cache, "s-maxage") || !strings.Contains(cache, "max-age=60") {
		t.Errorf("Cache-Control: %q", cache)
	}
	if len(got["Cdn-Cache-Control"]) > 0 {
		t.Errorf("CDN-Cache-Control: %q", got["Cdn-Cache-Control"])
	}
	stranger := v.gateway.browser(t)
	for _, answer := range []*page{stranger.visit(wiki + "/"), stranger.fetch(http.MethodGet, wiki+"/"), v.browser.visit(wiki + "/admin/x")} {
		if cache := answer.header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
			t.Errorf("%d has Cache-Control %q", answer.status, cache)
		}
	}
}

// Threat 44: a page of a sibling host opens a WebSocket or posts, and the browser
// adds the cookies of this one.
func foreignOrigin(t *testing.T, v visitor) {
	upgrade := []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	for origin, want := range map[string]int{
		"https://wiki.example.org":      http.StatusSwitchingProtocols,
		"https://evil.example.org":      http.StatusForbidden,
		"http://wiki.example.org":       http.StatusForbidden,
		"https://wiki.example.org:8443": http.StatusForbidden,
		"null":                          http.StatusForbidden,
	} {
		request := head("wiki.example.org", "/socket", v.browser.token(wiki)) + strings.Join(append(upgrade, "Origin: "+origin), "\r\n") + "\r\n\r\n"
		if answer := v.switchProtocols(t, request); answer != want {
			t.Errorf("a WebSocket of %s gets %d, want %d", origin, answer, want)
		}
	}
	for _, foreign := range []func(*http.Request){
		func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.example.org")
			r.Header.Set("Sec-Fetch-Site", "same-site")
		},
		func(r *http.Request) { r.Header.Set("Origin", "null"); r.Header.Del("Sec-Fetch-Site") },
		func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		r := v.browser.request(http.MethodPost, strict+"/", url.Values{"a": {"b"}})
		foreign(r)
		if answer := v.browser.do(r); answer.status != http.StatusForbidden {
			t.Errorf("csrf strict answers %d to %v", answer.status, r.Header)
		}
	}
	if answer := v.browser.send(strict+"/", url.Values{"a": {"b"}}).end(); answer.status != http.StatusOK {
		t.Errorf("csrf strict refuses the app's own form: %d", answer.status)
	}
}

// Threat 47: many frameworks take the method from a header or a query.
func methodOverride(t *testing.T, v visitor) {
	for _, line := range []string{"X-HTTP-Method-Override: DELETE", "X-Http-Method: DELETE", "x_http_method_override: DELETE", "X-Method-Override: DELETE"} {
		v.sends(t, "/item", true, line)
		name, _, _ := strings.Cut(line, ":")
		if values := v.app.last(t).folded(name); len(values) > 0 {
			t.Errorf("%q arrives at an app with rules on methods", line)
		}
	}
	before := v.app.count()
	for _, method := range []string{http.MethodDelete, "TRACE"} {
		r := v.browser.request(method, wiki+"/item", nil)
		if answer := v.browser.do(r); answer.status < 400 {
			t.Errorf("%s is answered %d", method, answer.status)
		}
	}
	if v.app.count() != before {
		t.Error("the app has been reached")
	}
}
