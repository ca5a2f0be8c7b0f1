// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"net/http"
	"strings"
	"testing"
)

// others is an app that some call who are no people at a browser. It gets the gate's
// placeholder as well, by which php_fastcgi would set REMOTE_USER, and has an account that
// the gate adds for whoever is signed in.
var others = layout{
	portal: login,
	sites: `
login.example.com {
	gatehouse_portal
}

wiki.example.org {
	gatehouse wiki {
		own_auth /dav/*
		deny path /dav/closed/*
		preflight pass
		basic_auth wiki-account wiki-secret
	}
	reverse_proxy WIKI {
		header_up X-Placeholder "[{http.auth.user.id}]"
	}
}
`,
}

// TestOtherRequests: what arrives at an app, byte for byte, of requests that are no page
// views: of callers that it checks itself, of a browser's question before a script's
// request, and of Word, which looks at a link.
func TestOtherRequests(t *testing.T) {
	a := newApp(t)
	g := start(t, others.with("WIKI", a.address))
	p := g.person(t, "ada")
	b := g.browser(t)
	b.arrive(p, wiki+"/page")
	if r := a.last(t); len(r.values("Authorization")) != 1 || r.values("X-Placeholder")[0] != "[ada]" {
		t.Fatalf("signed in, the app gets %q", r.lines)
	}

	t.Run("OwnAuth", func(t *testing.T) {
		for what, browser := range map[string]*browser{"somebody": b, "nobody": g.browser(t)} {
			r := browser.request("PROPFIND", wiki+"/dav/notes", nil)
			r.Header.Set("Authorization", "Basic Y2FsbGVyOng=")
			r.Header["remote_USER"] = []string{"admin"}
			r.Header.Set("X-Forwarded-User", "admin")
			if answer := browser.do(r); answer.status != http.StatusOK {
				t.Fatalf("%s: %d %s", what, answer.status, answer.body)
			}
			got := a.last(t)
			if accounts := got.values("Authorization"); len(accounts) != 1 || accounts[0] != "Basic Y2FsbGVyOng=" {
				t.Errorf("%s: the app gets the accounts %q", what, accounts)
			}
			for _, name := range []string{"Remote-User", "X-Gatehouse-Jwt", "X-Forwarded-User", "Cookie"} {
				if values := got.folded(name); len(values) > 0 {
					t.Errorf("%s: %s: %q", what, name, values)
				}
			}
			if values := got.values("X-Placeholder"); len(values) != 1 || values[0] != "[]" {
				t.Errorf("%s: REMOTE_USER would be %q", what, values)
			}
		}
		before := a.count()
		for path, status := range map[string]int{"/dav/closed/x": 403, "/davx": 401, "/dav/%2e%2e/page": 400} {
			r := g.browser(t).request("PROPFIND", wiki+path, nil)
			r.Header.Del("Sec-Fetch-Mode") // which no WebDAV client says
			r.Header.Set("Authorization", "Basic Y2FsbGVyOng=")
			if answer := g.browser(t).do(r); answer.status != status || a.count() != before {
				t.Errorf("%s: %d, want %d; %d requests arrive", path, answer.status, status, a.count()-before)
			}
		}
	})

	t.Run("Preflight", func(t *testing.T) {
		r := b.request(http.MethodOptions, wiki+"/api", nil)
		for name, value := range map[string]string{
			"Origin": "https://front.example.org", "Access-Control-Request-Method": "PUT", "Sec-Fetch-Mode": "cors", "Authorization": "Basic Y2FsbGVyOng=",
		} {
			r.Header.Set(name, value)
		}
		if answer := b.do(r); answer.status != http.StatusOK {
			t.Fatalf("%d %s", answer.status, answer.body)
		}
		got := a.last(t)
		for _, name := range []string{"Remote-User", "X-Gatehouse-Jwt", "Authorization", "Cookie"} {
			if values := got.folded(name); len(values) > 0 {
				t.Errorf("%s: %q", name, values)
			}
		}
	})

	t.Run("Word", func(t *testing.T) {
		before := a.count()
		word := g.browser(t)
		r := word.request(http.MethodGet, wiki+"/page", nil)
		for _, name := range []string{"Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site"} {
			r.Header.Del(name)
		}
		r.Header.Set("User-Agent", "Mozilla/4.0 (compatible; ms-office; MSOffice 16)")
		answer := word.do(r)
		if answer.status != http.StatusOK || answer.location() != "" || len(answer.header["Set-Cookie"]) > 0 || !strings.Contains(answer.body, `http-equiv="refresh"`) {
			t.Errorf("%d, to %q, with %q\n%s", answer.status, answer.location(), answer.header["Set-Cookie"], answer.body)
		}
		if a.count() != before {
			t.Errorf("the app is asked: %v", a.last(t))
		}
	})
}
