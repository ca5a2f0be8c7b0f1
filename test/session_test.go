// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// TestSessions tries what a session promises, threats 12 to 18, on one gateway.
func TestSessions(t *testing.T) {
	wikiApp, ticketsApp := newApp(t), newApp(t)
	g := start(t, twoApps.with("WIKI", wikiApp.address, "TICKETS", ticketsApp.address))
	t.Run("OneLoginOpensEveryApp", func(t *testing.T) { oneLoginOpensEveryApp(t, g) })
	t.Run("SignOutEndsEveryHostAtOnce", func(t *testing.T) { signOutEndsEveryHost(t, g) })
	t.Run("MalformedCookie", func(t *testing.T) { malformedCookie(t, g, wikiApp) })
	t.Run("TwoCookiesOfOneName", func(t *testing.T) { twoCookies(t, g, wikiApp) })
	t.Run("CookieOfAnotherHost", func(t *testing.T) { cookieOfAnotherHost(t, g) })
	t.Run("PlantedToken", func(t *testing.T) { plantedToken(t, g) })
	t.Run("PlantedNonce", func(t *testing.T) { plantedNonce(t, g) })
	t.Run("CopiedCookie", func(t *testing.T) { copiedCookie(t, g) })
	t.Run("GroupRemoved", func(t *testing.T) { groupRemoved(t, g) })
	t.Run("LoginsAtTheSameMoment", func(t *testing.T) { loginsAtTheSameMoment(t, g) })
	t.Run("AnonymousRequestsWriteNothing", func(t *testing.T) { anonymousWritesNothing(t, g) })
}

// A person signs in once, arrives where they were going, query and all, and is
// known in the other app without a form. Each host holds one cookie of ours.
func oneLoginOpensEveryApp(t *testing.T, g *gateway) {
	p := g.person(t, "once", "staff")
	b := g.browser(t)
	b.arrive(p, wiki+"/page?q=1&r=%2F&s=a+b")
	w := b.open(tickets + "/list?sort=up")
	b.mustBeAt(w, tickets+"/list?sort=up")
	for _, host := range []string{wiki, tickets, login} {
		u, err := url.Parse(host)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range b.jar.Cookies(u) {
			names = append(names, c.Name)
		}
		want := 1
		if host == login {
			want = 2 // the browser is known there
		}
		if len(names) != want {
			t.Errorf("%s holds the cookies %q, want %d", host, names, want)
		}
	}
}

// Threat 14: one sign-out, and every host refuses at once, on the very connection
// that was open, of HTTP/1.1 and of HTTP/2.
func signOutEndsEveryHost(t *testing.T, g *gateway) {
	p := g.person(t, "leaver", "staff")
	for _, proto := range []int{1, 2} {
		t.Run(fmt.Sprintf("HTTP%d", proto), func(t *testing.T) {
			b := g.browser(t)
			if proto == 1 {
				b.onlyHTTP1()
			}
			b.arrive(p, wiki+"/")
			b.arriveKnown(tickets + "/")
			b.mustKnow(p, wiki+"/")
			b.mustKnow(p, tickets+"/")
			other := g.browserWith(t, b.jar)
			other.signOut(tickets)
			for _, app := range []string{wiki, tickets} {
				answer, reused := b.fetchTraced(app + "/")
				if !reused || answer.proto != proto {
					t.Errorf("not the connection that was open: reused %t, HTTP/%d", reused, answer.proto)
				}
				if answer.status != http.StatusUnauthorized {
					t.Errorf("%s answers %d after the sign-out", app, answer.status)
				}
			}
			if at := b.open(wiki + "/").end(); at.url.Path != "/login" {
				t.Errorf("after the sign-out %s leads to %s", wiki, at.url)
			}
		})
	}
}

// Threat 12, authentik CVE-2026-25748: whatever stands in the cookie, nobody
// passes who has no session, and nothing reaches the app.
func malformedCookie(t *testing.T, g *gateway, a *app) {
	p := g.person(t, "maker")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	good := b.token(wiki)
	selector, secret, _ := strings.Cut(good, ".")
	flipped := []byte(good)
	flipped[len(flipped)-3] ^= 1
	for name, value := range map[string]string{
		"empty":              "",
		"one letter":         "x",
		"a dot":              ".",
		"two dots":           good + ".",
		"8 KB":               strings.Repeat("A", 8192),
		"NUL":                good[:5] + "\x00" + good[5:],
		"NUL behind":         good + "\x00",
		"padding":            good + "=",
		"quotes":             `"` + good + `"`,
		"percent":            strings.Replace(good, ".", "%2E", 1),
		"not base64":         selector + "." + strings.Repeat("!", len(secret)),
		"other base64":       selector + "." + strings.Repeat("+", len(secret)),
		"a bit":              string(flipped),
		"selector alone":     selector,
		"selector and a dot": selector + ".",
		"secret alone":       "." + secret,
		"turned round":       secret + "." + selector,
		"unknown session":    strings.Repeat("A", len(selector)) + "." + secret,
		"blank inside":       selector + ". " + secret,
		"not ASCII":          good[:len(good)-2] + "é",
	} {
		t.Run(name, func(t *testing.T) {
			before := a.count()
			answer := g.exchange(t, "wiki.example.org", "GET / HTTP/1.1\r\nHost: wiki.example.org\r\nConnection: close\r\nCookie: __Host-gatehouse="+value+"\r\n\r\n")
			if answer.status >= 200 && answer.status < 300 {
				t.Errorf("answered %d", answer.status)
			}
			if a.count() != before {
				t.Error("the app has been reached")
			}
		})
	}
}

// Two cookies of our name: which one is ours cannot be known, so a navigation
// ends on a page that says it, at once and not in a loop.
func twoCookies(t *testing.T, g *gateway, a *app) {
	p := g.person(t, "twin")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	before := a.count()
	for _, cookies := range []string{
		"__Host-gatehouse=x; __Host-gatehouse=" + b.token(wiki),
		"__Host-gatehouse=" + b.token(wiki) + "; a=b; __Host-gatehouse=" + b.token(wiki),
	} {
		head := "GET / HTTP/1.1\r\nHost: wiki.example.org\r\nConnection: close\r\nCookie: " + cookies + "\r\n"
		if answer := g.exchange(t, "wiki.example.org", head+"\r\n"); answer.status != http.StatusUnauthorized {
			t.Errorf("a script gets %d", answer.status)
		}
		answer := g.exchange(t, "wiki.example.org", head+"Accept: text/html\r\n\r\n")
		if answer.status != http.StatusBadRequest || !strings.Contains(answer.body, "two sign-in cookies") {
			t.Errorf("a navigation gets %d\n%s", answer.status, answer.body)
		}
	}
	if a.count() != before {
		t.Error("the app has been reached")
	}
}

// An app that steals its visitors' cookies has nothing for another host.
func cookieOfAnotherHost(t *testing.T, g *gateway) {
	p := g.person(t, "roamer", "staff")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	b.arriveKnown(tickets + "/")
	for _, from := range []string{wiki, tickets, login} {
		for _, to := range []string{wiki, tickets} {
			if from == to {
				continue
			}
			thief := g.browser(t)
			thief.plant(to, b.token(from))
			thief.mustBeOut(to + "/")
		}
	}
	thief := g.browser(t)
	thief.plant(login, b.token(wiki))
	if at := thief.open(login + "/").end(); at.url.Path != "/login" {
		t.Errorf("the portal takes an app's cookie: %s", at.url)
	}
}

// Threat 13: somebody plants the token of their own session and waits. The person
// who signs in gets a new one, and the planted one is dead.
func plantedToken(t *testing.T, g *gateway) {
	attacker, victim := g.person(t, "planter"), g.person(t, "planted")
	evil := g.browser(t)
	evil.arrive(attacker, wiki+"/")
	b := g.browser(t)
	b.plant(login, evil.token(login))
	w := b.send(login+"/login", url.Values{"username": {victim.name}, "password": {victim.password}, "return_to": {wiki + "/"}})
	b.mustBeAt(w, wiki+"/")
	b.mustKnow(victim, wiki+"/")
	if b.token(login) == evil.token(login) {
		t.Error("the planted token is in use")
	}
	evil.mustBeOut(wiki + "/")
	if at := evil.open(login + "/").end(); at.url.Path != "/login" {
		t.Errorf("the planted session lives: %s", at.url)
	}
}

// The same with what an app's host holds before the login: it opens nothing
// afterwards.
func plantedNonce(t *testing.T, g *gateway) {
	victim := g.person(t, "noncense")
	evil := g.browser(t)
	evil.visit(wiki + "/")
	b := g.browser(t)
	b.plant(wiki, evil.token(wiki))
	b.arrive(victim, wiki+"/")
	if b.token(wiki) == evil.token(wiki) {
		t.Error("the planted value is in use")
	}
	evil.mustBeOut(wiki + "/")
}

// Threat 14: a cookie that somebody has copied is worth nothing from the moment
// at which the session ends, whatever ends it.
func copiedCookie(t *testing.T, g *gateway) {
	ends := map[string]func(t *testing.T, p person, b *browser){
		"logout":   func(_ *testing.T, _ person, b *browser) { b.signOut(wiki) },
		"disabled": func(_ *testing.T, p person, _ *browser) { g.gatehouse("", "user", "disable", p.name) },
		"password": func(_ *testing.T, p person, _ *browser) {
			g.gatehouse("another good password\n", "user", "passwd", p.name, "--password-stdin")
		},
		"removed": func(_ *testing.T, p person, _ *browser) { g.gatehouse("", "user", "remove", p.name) },
		"revoked": func(_ *testing.T, p person, _ *browser) { g.gatehouse("", "session", "revoke", "--user", p.name) },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := g.person(t, "copied-"+name)
			b := g.browser(t)
			b.arrive(p, wiki+"/")
			thief := g.browser(t)
			thief.plant(wiki, b.token(wiki))
			thief.plant(login, b.token(login))
			thief.mustKnow(p, wiki+"/")
			end(t, p, b)
			if answer, reused := thief.fetchTraced(wiki + "/"); answer.status != http.StatusUnauthorized || !reused {
				t.Errorf("answered %d, reused %t", answer.status, reused)
			}
			if at := thief.open(login + "/").end(); at.url.Path != "/login" {
				t.Errorf("the portal still knows the session: %s", at.url)
			}
		})
	}
}

// Threat 17: the next request of a live session counts with the groups of now.
func groupRemoved(t *testing.T, g *gateway) {
	p := g.person(t, "mover", "staff")
	b := g.browser(t)
	b.arrive(p, tickets+"/")
	b.mustKnow(p, tickets+"/")
	g.gatehouse("", "user", "set", p.name, "--group", "guests")
	answer := b.visit(tickets + "/")
	if answer.status != http.StatusForbidden || !strings.Contains(answer.body, p.name) {
		t.Errorf("answered %d, want 403 and a page that says who one is\n%s", answer.status, answer.body)
	}
	g.gatehouse("", "user", "set", p.name, "--group", "staff")
	b.mustKnow(p, tickets+"/")
}

// Threat 15: people who sign in at the same moment never get each other's identity.
func loginsAtTheSameMoment(t *testing.T, g *gateway) {
	var people []person
	for i := range 6 {
		people = append(people, g.person(t, fmt.Sprintf("crowd-%d", i)))
	}
	t.Run("together", func(t *testing.T) {
		for _, p := range people {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				b := g.browser(t)
				b.arrive(p, wiki+"/"+p.name)
				for range 50 {
					b.mustKnow(p, wiki+"/"+p.name)
				}
			})
		}
	})
}

// Threat 18: visitors who do not sign in cost the store nothing, neither those
// who are led to the sign-in page nor those who invent cookies and codes.
func anonymousWritesNothing(t *testing.T, g *gateway) {
	g.settled(t)
	before := g.metric(t, "gatehouse_store_writes_total")
	var visitors sync.WaitGroup
	for range 4 {
		b := g.browser(t)
		invented := strings.Repeat("A", 22) + "." + strings.Repeat("A", 43)
		visitors.Go(func() {
			for i := range 500 {
				var r *http.Request
				switch i % 5 {
				case 0:
					r = b.request(http.MethodGet, fmt.Sprintf("%s/page/%d", wiki, i), nil)
				case 1:
					r = b.request(http.MethodGet, login+"/login?return_to="+url.QueryEscape(wiki+"/"), nil)
				case 2:
					r = b.request(http.MethodGet, wiki+"/.gatehouse/land?code="+invented, nil)
				case 3:
					r = b.request(http.MethodGet, login+"/handoff?challenge="+strings.Repeat("A", 43)+"&return_to="+url.QueryEscape(wiki+"/"), nil)
				default:
					r = b.request(http.MethodGet, wiki+"/", nil)
					r.Header.Set("Cookie", "__Host-gatehouse="+invented)
				}
				response, err := b.client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				response.Body.Close()
				if response.StatusCode < 300 && i%5 != 1 {
					t.Errorf("answered %d to %s", response.StatusCode, r.URL)
				}
			}
		})
	}
	visitors.Wait()
	if after := g.metric(t, "gatehouse_store_writes_total"); after != before {
		t.Errorf("%v writes for 2,000 anonymous requests", after-before)
	}
}

// plant puts a value into the browser as our cookie of a host.
func (b *browser) plant(address, value string) {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	name := "gatehouse"
	if u.Scheme == "https" {
		name = "__Host-gatehouse"
	}
	b.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: u.Scheme == "https"}})
}

// arriveKnown opens an address and insists on getting there without a form.
func (b *browser) arriveKnown(address string) {
	b.t.Helper()
	b.mustBeAt(b.open(address), address)
}

// onlyHTTP1 makes the browser an old one.
func (b *browser) onlyHTTP1() {
	transport := b.client.Transport.(*http.Transport)
	transport.ForceAttemptHTTP2 = false
	transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
}

// fetchTraced fetches and reports whether that was on a connection that was open.
func (b *browser) fetchTraced(address string) (answer *page, reused bool) {
	b.t.Helper()
	r := b.request(http.MethodGet, address, nil)
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Sec-Fetch-Mode", "cors")
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
	return b.do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace))), reused
}
