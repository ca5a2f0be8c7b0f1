// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// hostile has an app for each way in which one may be badly protected.
var hostile = layout{
	portal: login,
	sites: `
login.example.com {
	gatehouse_portal
}

wiki.example.org {
	gatehouse wiki {
		public /public/*
		deny path /admin/*
		deny any method DELETE
		deny address 10.0.0.0/8
	}
	reverse_proxy WIKI
}

strict.example.org {
	gatehouse strict {
		csrf strict
		keep_authorization
		allow_cookie_domain
		allow_clear_site_data
		header user X-Person
		header email off
		group_separator ;
	}
	reverse_proxy WIKI
}
`,
}

const strict = "https://strict.example.org"

// TestIdentityHeaders tries threats 1 to 11 and 41 to 47: what an app receives,
// byte by byte, and what it may say, on one gateway.
func TestIdentityHeaders(t *testing.T) {
	a := newApp(t)
	g := start(t, hostile.with("WIKI", a.address))
	p := g.person(t, "ada", "staff", "wiki")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	b.arriveKnown(strict + "/")
	s := visitor{g, a, b, p}
	t.Run("Arrives", func(t *testing.T) { identityArrives(t, s) })
	t.Run("SpoofedInAnySpelling", func(t *testing.T) { spoofed(t, s) })
	t.Run("ConnectionNamesOurHeader", func(t *testing.T) { connectionNames(t, s) })
	t.Run("NoTunnel", func(t *testing.T) { noTunnel(t, s) })
	t.Run("Authorization", func(t *testing.T) { authorization(t, s) })
	t.Run("NamesOfPeople", func(t *testing.T) { namesOfPeople(t, s) })
	t.Run("ForwardedByNobody", func(t *testing.T) { forwardedByNobody(t, s) })
	t.Run("PathsReadTwoWays", func(t *testing.T) { pathsReadTwoWays(t, s) })
	t.Run("HostSpelledOtherwise", func(t *testing.T) { hostSpelled(t, s) })
	t.Run("NothingSwitchesItOff", func(t *testing.T) { nothingSwitchesItOff(t, s) })
	t.Run("OwnCookieStaysHere", func(t *testing.T) { ownCookieStays(t, s) })
	t.Run("AppSetsOurCookie", func(t *testing.T) { appSetsOurCookie(t, s) })
	t.Run("AppSendsIdentityBack", func(t *testing.T) { appSendsIdentityBack(t, s) })
	t.Run("AppSetsAThousandCookies", func(t *testing.T) { appSetsAThousandCookies(t, s) })
	t.Run("AppClearsSiteData", func(t *testing.T) { appClearsSiteData(t, s) })
	t.Run("SharedCache", func(t *testing.T) { sharedCache(t, s) })
	t.Run("ForeignOrigin", func(t *testing.T) { foreignOrigin(t, s) })
	t.Run("MethodOverride", func(t *testing.T) { methodOverride(t, s) })
}

// visitor is somebody who is signed in at a gateway in front of an app.
type visitor struct {
	*gateway
	app     *app
	browser *browser
	person  person
}

// sends sends lines to the wiki with the person's cookie, or with none.
func (v visitor) sends(t *testing.T, path string, signedIn bool, lines ...string) *page {
	t.Helper()
	token := ""
	if signedIn {
		token = v.browser.token(wiki)
	}
	return v.exchange(t, "wiki.example.org", head("wiki.example.org", path, token)+strings.Join(append(lines, "Connection: close"), "\r\n")+"\r\n\r\n")
}

// The app learns who it is, once and under no other name, by header and by an
// assertion of its own.
func identityArrives(t *testing.T, v visitor) {
	v.browser.mustKnow(v.person, wiki+"/")
	got := v.app.last(t)
	for name, want := range map[string][]string{
		"Remote-User":   {"ada"},
		"Remote-Groups": {"staff,wiki"},
	} {
		if values := got.folded(name); !slices.Equal(values, want) {
			t.Errorf("%s: %q, want %q", name, values, want)
		}
	}
	if claims := v.verified(t, got.values("X-Gatehouse-Jwt"), "wiki"); claims["preferred_username"] != "ada" {
		t.Errorf("the assertion says %v", claims)
	}
	v.browser.fetch(http.MethodGet, strict+"/")
	got = v.app.last(t)
	if values := got.folded("X-Person"); !slices.Equal(values, []string{"ada"}) {
		t.Errorf("X-Person: %q", values)
	}
	if values := got.folded("Remote-Groups"); !slices.Equal(values, []string{"staff;wiki"}) {
		t.Errorf("Remote-Groups: %q", values)
	}
	for _, name := range []string{"Remote-User", "Remote-Email"} {
		if values := got.folded(name); len(values) > 0 {
			t.Errorf("%s: %q, though it has another name", name, values)
		}
	}
	v.verified(t, got.values("X-Gatehouse-Jwt"), "strict")
}

// Threats 1 to 3: PHP, CGI, old Apaches and others fold names, so all that might
// be taken for ours goes, on public paths and for strangers too.
func spoofed(t *testing.T, v visitor) {
	spellings := []string{
		"Remote-User", "REMOTE-USER", "remote_user", "Remote_User", "remote.user", "Remote-User_", "REMOTE_USER",
		"Remote-Groups", "remote_groups", "Remote.Groups", "Remote_Name", "Remote-Email",
		"X-Gatehouse-Jwt", "X_Gatehouse_Jwt", "x.gatehouse.jwt", "X-Gatehouse-Anything",
		"X-Forwarded-User", "X_Forwarded_User", "X-Remote-User", "Auth-User", "Redirect_Remote_User",
		"X-Original-URL", "X_Rewrite_Url", "Proxy",
	}
	for _, path := range []string{"/", "/public/x"} {
		for _, signedIn := range []bool{true, false} {
			if path == "/" && !signedIn {
				continue
			}
			var lines []string
			for _, name := range spellings {
				lines = append(lines, name+": intruder", name+": intruder,again")
			}
			if answer := v.sends(t, path, signedIn, lines...); answer.status != http.StatusOK {
				t.Fatalf("answered %d\n%s", answer.status, answer.body)
			}
			got := v.app.last(t)
			for _, line := range got.lines {
				// What no one folds into ours may pass.
				if strings.Contains(line, "intruder") && !strings.HasPrefix(strings.ToLower(line), "remote-user_") {
					t.Errorf("%s, signed in %t: the app receives %q", path, signedIn, line)
				}
			}
			want := []string{"ada"}
			if !signedIn {
				want = nil
			}
			if values := got.folded("Remote-User"); !slices.Equal(values, want) {
				t.Errorf("%s, signed in %t: Remote-User %q, want %q", path, signedIn, values, want)
			}
		}
	}
}

// Threat 4, Oathkeeper GHSA-w9mr-28mw-j8hg: the proxy deletes what Connection
// names, and an app that asks only "is there a header" lets anybody in.
func connectionNames(t *testing.T, v visitor) {
	for _, line := range []string{
		"Connection: close, X-Gatehouse-Jwt, Remote-User, Cookie",
		"Connection: x-gatehouse-jwt",
		"Connection: close\r\nConnection: REMOTE-USER ,\tx-gatehouse-jwt",
	} {
		v.sends(t, "/", true, line)
		got := v.app.last(t)
		if len(got.values("X-Gatehouse-Jwt")) != 1 || len(got.values("Remote-User")) != 1 {
			t.Errorf("%q leaves %q", line, got.lines)
		}
	}
}

// The app would speak any other protocol that a client asks for, and whoever may read one
// public page would go on past the gate: with HTTP/2 by further requests, for every path
// and as anybody ("h2c smuggling").
func noTunnel(t *testing.T, v visitor) {
	for _, lines := range []string{
		"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings",
		"Upgrade: H2C\r\nConnection: upgrade", "Upgrade: websocket, h2c\r\nConnection: Upgrade",
		"Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: Upgrade", "Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade",
		"Upgrade: TLS/1.2\r\nConnection: Upgrade", "Upgrade: anything\r\nConnection: Upgrade",
	} {
		for _, signedIn := range []bool{true, false} {
			answer := v.sends(t, "/public/x", signedIn, lines)
			if answer.status != http.StatusOK {
				t.Errorf("%q, signed in %t: answered %d", lines, signedIn, answer.status)
			}
			got := v.app.last(t)
			if values := slices.Concat(got.values("Upgrade"), got.values("HTTP2-Settings")); len(values) > 0 {
				t.Errorf("%q, signed in %t: the app is asked for %q", lines, signedIn, values)
			}
		}
	}
}

// Threat 5: several apps believe the name in Authorization before any other.
func authorization(t *testing.T, v visitor) {
	v.sends(t, "/", true, "Authorization: Basic YWRtaW46eA==", "authorization: Bearer x", "Php-Auth-User: admin")
	got := v.app.last(t)
	for _, name := range []string{"Authorization", "Php-Auth-User"} {
		if values := got.folded(name); len(values) > 0 {
			t.Errorf("%s arrives: %q", name, values)
		}
	}
	r := v.browser.request(http.MethodGet, strict+"/", nil)
	r.Header.Set("Authorization", "Bearer mine")
	v.browser.do(r)
	if values := v.app.last(t).values("Authorization"); !slices.Equal(values, []string{"Bearer mine"}) {
		t.Errorf("keep_authorization: %q", values)
	}
}

// Threat 6: a name of many scripts arrives as raw UTF-8, and no name makes a
// second header.
func namesOfPeople(t *testing.T, v visitor) {
	const name = "Zoë, Gräfin 李 😀"
	v.gatehouse("", "user", "set", v.person.name, "--name", name, "--email", "zoe@example.com")
	v.sends(t, "/", true)
	got := v.app.last(t)
	if values := got.values("Remote-Name"); !slices.Equal(values, []string{name}) {
		t.Errorf("Remote-Name: %q", values)
	}
	if values := got.values("Remote-Email"); !slices.Equal(values, []string{"zoe@example.com"}) {
		t.Errorf("Remote-Email: %q", values)
	}
	const evil = "Eve\r\nRemote-User: admin"
	if out, err := v.try("", "gatehouse", "user", "set", v.person.name, "--name", evil, "--address", "unix/"+v.socket); err == nil {
		v.sends(t, "/", true)
		if values := v.app.last(t).values("Remote-User"); !slices.Equal(values, []string{"ada"}) {
			t.Errorf("%s\nRemote-User: %q", out, values)
		}
	}
}

// Threat 7: nobody here is a trusted proxy, so what a client says about addresses
// moves no rule, no redirect and no log line.
func forwardedByNobody(t *testing.T, v visitor) {
	lines := []string{
		"X-Forwarded-For: 10.1.2.3", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "X-Forwarded-Port: 8080",
		"X-Forwarded-Prefix: /evil", "X-Forwarded-Uri: /public/x", "X-Real-IP: 10.1.2.3", "True-Client-IP: 10.1.2.3",
		"Forwarded: for=10.1.2.3;host=evil.example;proto=http", "X-Original-URL: /public/x", "X-Rewrite-URL: /public/x",
		"X-Original-Host: evil.example", "X-Host: evil.example", "Referer: https://evil.example/",
	}
	if answer := v.sends(t, "/", true, lines...); answer.status != http.StatusOK {
		t.Errorf("a rule on addresses believes the client: %d", answer.status)
	}
	answer := v.sends(t, "/page?q=1", false, lines...)
	if answer.status != http.StatusSeeOther || answer.location() != login+"/login?return_to="+url.QueryEscape(wiki+"/page?q=1") {
		t.Errorf("answered %d, on to %s", answer.status, answer.location())
	}
	cookie := answer.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-gatehouse=") || !strings.Contains(cookie, "Secure") || strings.Contains(cookie, "Domain") {
		t.Errorf("the cookie is %q", cookie)
	}
	if strings.Contains(strings.Join(answer.header["Location"], ""), "evil") || strings.Contains(answer.body, "evil") {
		t.Error("the answer repeats what the client said")
	}
	v.sends(t, "/admin/x", true, lines...)
	v.eventually("the denial is in the log", func() bool { return len(v.log.audit("denied")) > 0 })
	for _, line := range v.log.audit("denied") {
		if line["address"] != "127.0.0.1" {
			t.Errorf("the audit line has the address %v", line["address"])
		}
	}
}

// Threat 8: the rule decides on exactly what is forwarded, or the request is
// refused. Whatever the spelling, /admin/ is not reached.
func pathsReadTwoWays(t *testing.T, v visitor) {
	for _, path := range []string{
		"/admin/", "/admin/x?x=/public/", "/admin/x#/public/", "/admin/x%23", "/public/../admin/x", "/public/%2e%2e/admin/x",
		"/public/.%2e/admin/x", "/public/..%2fadmin/x", "/public/..%5cadmin/x", `/public/..\admin\x`, "/%61dmin/x", "/admin%2fx",
		"//admin/x", "/./admin/x", "/admin/./x", "/admin//x", "/admin/..;/admin/x", "/public/..;x=1/admin/x", "/admin;x=1/x",
		"/public/%252e%252e/admin/x", "/public/x/../../admin/x", "/admin/%00", "/;/admin/x",
	} {
		for _, signedIn := range []bool{true, false} {
			before := v.app.count()
			answer := v.sends(t, path, signedIn)
			if v.app.count() == before {
				continue
			}
			got := v.app.last(t).path()
			if decoded, err := url.PathUnescape(got); err != nil || reaches(decoded, "/admin/") {
				t.Errorf("%q, signed in %t: answered %d, the app receives %q", path, signedIn, answer.status, got)
			}
			if !signedIn && !strings.HasPrefix(got, "/public/") {
				t.Errorf("%q lets a stranger reach %q", path, got)
			}
		}
	}
	// The rule is case-sensitive, as paths are.
	if answer := v.sends(t, "/ADMIN/x", true); answer.status != http.StatusOK {
		t.Errorf("/ADMIN/x is answered %d", answer.status)
	}
}

// reaches reports whether a careless server takes a decoded path for one below prefix.
func reaches(path, prefix string) bool {
	var kept []string
	for part := range strings.SplitSeq(strings.ReplaceAll(path, `\`, "/"), "/") {
		part, _, _ = strings.Cut(part, ";")
		switch part {
		case "", ".":
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		default:
			kept = append(kept, part)
		}
	}
	return strings.HasPrefix("/"+strings.Join(kept, "/")+"/", prefix)
}

// Threat 9: a host name in capitals, with a dot at its end, with its port: the
// gate stands there as well, and leads to the one spelling.
func hostSpelled(t *testing.T, v visitor) {
	for _, host := range []string{"WIKI.Example.ORG", "wiki.example.org:443", "wiki.example.org.", "Wiki.example.org.:443", "wiki.example.org:80"} {
		before := v.app.count()
		answer := v.exchange(t, "wiki.example.org", "GET /page HTTP/1.1\r\nHost: "+host+"\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
		if v.app.count() != before {
			t.Errorf("%s: the app has been reached", host)
		}
		if to := answer.location(); to != "" && to != login+"/login?return_to="+url.QueryEscape(wiki+"/page") {
			t.Errorf("%s: led to %s", host, to)
		}
	}
}

// Threats 10 and 11: no header, no body, no method and no garbage makes a gate
// stand open.
func nothingSwitchesItOff(t *testing.T, v visitor) {
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: wiki.example.org\r\n\r\n",
		"GET https://wiki.example.org/ HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"GET https://wiki.example.org/public/x HTTP/1.1\r\nHost: login.example.com\r\n\r\n",
		"GET wiki:/public/ HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"OPTIONS / HTTP/1.1\r\nHost: wiki.example.org\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
		"TRACE / HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"CONNECT wiki.example.org:443 HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"PROPFIND / HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"\x00\x01 / HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: wiki.example.org\r\nHost: login.example.com\r\n\r\n",
		"GET /%zz HTTP/1.1\r\nHost: wiki.example.org\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: wiki.example.org\r\nContent-Length: 6\r\n\r\npublic",
		"POST / HTTP/1.1\r\nHost: wiki.example.org\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: wiki.example.org\r\nX-Skip-Auth: 1\r\nX-Gatehouse-Public: 1\r\n\r\n",
	} {
		before := v.app.count()
		answer := v.exchange(t, "wiki.example.org", request)
		if v.app.count() != before && !strings.HasPrefix(v.app.last(t).path(), "/public/") {
			t.Errorf("%q reaches the app as %q", request, v.app.last(t).request)
		}
		if answer.status >= 200 && answer.status < 300 && v.app.count() == before && strings.Contains(answer.body, "Remote-User") {
			t.Errorf("%q is answered %d", request, answer.status)
		}
	}
}

// Our cookie ends at the gate; the app's own pass byte by byte.
func ownCookieStays(t *testing.T, v visitor) {
	v.exchange(t, "wiki.example.org", "GET / HTTP/1.1\r\nHost: wiki.example.org\r\nConnection: close\r\n"+
		"Cookie: a=1; __Host-gatehouse="+v.browser.token(wiki)+"; b=\"x y\"; gatehouse=z\r\nCookie: __Host-gatehouse-browser=q; c=3\r\n\r\n")
	got := v.app.last(t)
	if cookies := strings.Join(got.values("Cookie"), "; "); cookies != `a=1; b="x y"; c=3` {
		t.Errorf("the app receives the cookies %q", cookies)
	}
	if values := got.values("Remote-User"); !slices.Equal(values, []string{"ada"}) {
		t.Errorf("Remote-User: %q", values)
	}
}
