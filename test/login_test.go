// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLogin tries threats 22 to 25, 27 and 28 on one gateway.
func TestLogin(t *testing.T) {
	a := newApp(t)
	g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
	t.Run("ReturnURL", func(t *testing.T) { returnURL(t, g) })
	t.Run("GuessingSlowsNobodyElseDown", func(t *testing.T) { guessing(t, g) })
	t.Run("UnknownUserLooksLikeWrongPassword", func(t *testing.T) { unknownUser(t, g) })
	t.Run("LongPasswordIsNotCut", func(t *testing.T) { longPassword(t, g) })
	t.Run("LoginFromAForeignPage", func(t *testing.T) { loginFromAForeignPage(t, g) })
	t.Run("LogoutByImage", func(t *testing.T) { logoutByImage(t, g) })
	t.Run("PagesHoldNoScript", func(t *testing.T) { pagesHoldNoScript(t, g) })
}

// Threat 22: nobody is ever sent anywhere but to a configured app, whatever a
// browser makes of the address.
func returnURL(t *testing.T, g *gateway) {
	p := g.person(t, "target", "staff")
	signedIn := g.browser(t)
	signedIn.arrive(p, wiki+"/")
	for _, evil := range []string{
		"//evil.example/", `/\evil.example/`, `\/evil.example/`, "/%09/evil.example", "/\t/evil.example", "https:evil.example",
		"https:/evil.example", "https:///evil.example", "https://wiki.example.org.evil.example/", "https://wiki.example.org@evil.example/",
		"https://wiki.example.org:x@evil.example/", "https://evil.example#@wiki.example.org/", "https://evil.example?https://wiki.example.org/",
		`https://evil.example\@wiki.example.org/`, `https://wiki.example.org\.evil.example/`, "https://wiki.example.org:8443/",
		"http://wiki.example.org/", "javascript:alert(1)", "data:text/html,x", "https://evil.example/\r\nSet-Cookie: a=b",
		"https://wiki.example.org/\r\nX: y", "https://wiki.example.org/\nx", " https://evil.example/", "\x00https://evil.example/",
		"https://wiki%2eexample.org/", "https://wiki.example.org%00.evil.example/", "https://evil.example/.wiki.example.org/",
		"https://login.example.com/logout", "https://wiki。example.org.evil.example/", "wiki.example.org", "/page", "https://", "",
	} {
		form := url.Values{"username": {p.name}, "password": {p.password}, "return_to": {evil}}
		stranger := g.browser(t)
		answers := []*page{
			stranger.visit(login + "/login?" + url.Values{"return_to": {evil}}.Encode()),
			stranger.visit(wiki + "/.gatehouse/begin?" + url.Values{"return_to": {evil}}.Encode()),
			stranger.visit(wiki + "/.gatehouse/landed?" + url.Values{"return_to": {evil}}.Encode()),
			stranger.visit(login + "/logout?" + url.Values{"return_to": {evil}}.Encode()),
			signedIn.visit(login + "/login?" + url.Values{"return_to": {evil}}.Encode()),
			signedIn.visit(login + "/handoff?" + url.Values{"return_to": {evil}, "challenge": {strings.Repeat("A", 43)}}.Encode()),
			signedIn.visit(login + "/logout?" + url.Values{"return_to": {evil}}.Encode()),
		}
		if strings.HasPrefix(evil, "//") { // hashing takes its time, so only some
			answers = append(answers, stranger.send(login+"/login", form)...)
		}
		for _, answer := range answers {
			mustStayHere(t, evil, answer)
		}
	}
}

// mustStayHere looks at where an answer leads, and at the links and forms in it.
func mustStayHere(t *testing.T, evil string, answer *page) {
	t.Helper()
	places := []string{answer.location()}
	for _, found := range regexp.MustCompile(`(?:href|action|value|src)="([^"]*)"`).FindAllStringSubmatch(answer.body, -1) {
		places = append(places, found[1])
	}
	for _, place := range places {
		to, err := answer.url.Parse(place)
		if err != nil {
			t.Errorf("%q: %s holds %q", evil, answer.url.Path, place)
			continue
		}
		switch to.Host {
		case "login.example.com", "wiki.example.org", "tickets.example.net":
		default:
			t.Errorf("%q: %s leads to %q", evil, answer.url.Path, place)
		}
		for _, values := range to.Query() {
			if strings.Contains(strings.Join(values, ""), "evil") && to.Path != answer.url.Path {
				t.Errorf("%q: %s carries it on: %q", evil, answer.url.Path, place)
			}
		}
	}
	if len(answer.header["X"]) > 0 || strings.Contains(strings.Join(answer.header["Set-Cookie"], ""), "a=b") {
		t.Errorf("%q: %s has a header that was smuggled", evil, answer.url.Path)
	}
}

// Threat 23: a stranger who guesses is slowed down, under every spelling of the
// name, and cannot lock the person out of a browser that knows them.
func guessing(t *testing.T, g *gateway) {
	p, other := g.person(t, "guessed"), g.person(t, "bystander")
	known := g.browser(t)
	known.arrive(p, wiki+"/")
	known.signOut(wiki)
	stranger := g.browser(t)
	attempt := func(name string) int {
		return stranger.submit(person{name, "a wrong password"}, stranger.open(login+"/login").end()).end().status
	}
	refused := 0
	for _, name := range []string{"guessed", "GUESSED", "Guessed", "ｇuessed", "guessed", "gUessed", "guessed", "guessed", "guessed", "guessed", "guessed", "GUessed"} {
		switch status := attempt(name); status {
		case http.StatusUnauthorized:
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Fatalf("a wrong password is answered %d", status)
		}
	}
	if refused != 2 {
		t.Errorf("%d of 12 guesses were refused unseen, want 2", refused)
	}
	at := stranger.submit(p, stranger.open(login+"/login").end()).end()
	if at.status != http.StatusTooManyRequests || at.header.Get("Retry-After") == "" {
		t.Errorf("the right password among guesses is answered %d", at.status)
	}
	stranger.arrive(other, wiki+"/") // nobody else is slowed down
	known.arrive(p, wiki+"/")        // nor the person, where they are known
	g.gatehouse("", "user", "unlock", p.name)
	g.browser(t).arrive(p, wiki+"/")
}

// Threat 24: whether somebody has an account does not show.
func unknownUser(t *testing.T, g *gateway) {
	p := g.person(t, "somebody")
	answer := func(name string) *page {
		b := g.browser(t)
		at := b.submit(person{name, "a wrong password"}, b.open(login+"/login").end()).end()
		at.body = strings.ReplaceAll(at.body, name, "NAME")
		at.header.Del("Date")
		return at
	}
	known, unknown := answer(p.name), answer("nobody-1")
	if known.status != unknown.status || known.body != unknown.body {
		t.Errorf("%d and %d\n%s", known.status, unknown.status, cmp.Diff(known.body, unknown.body))
	}
	if diff := cmp.Diff(known.header, unknown.header); diff != "" {
		t.Error(diff)
	}
}

// Threat 25: every byte of a password counts, also those behind bcrypt's 72.
func longPassword(t *testing.T, g *gateway) {
	long := strings.Repeat("long and good ", 70) // 980 bytes
	g.gatehouse(long, "user", "add", "lengthy", "--password-stdin")
	for _, wrong := range []string{long[:72], long[:len(long)-1], long + "x"} {
		b := g.browser(t)
		if at := b.signIn(person{"lengthy", wrong}, wiki+"/").end(); at.status != http.StatusUnauthorized {
			t.Errorf("%d of %d bytes are answered %d", len(wrong), len(long), at.status)
		}
	}
	b := g.browser(t)
	if at := b.signIn(person{"lengthy", strings.Repeat("x", 1<<20)}, wiki+"/").end(); at.status < 400 {
		t.Errorf("a password of 1 MB is answered %d", at.status)
	}
	b.arrive(person{"lengthy", long}, wiki+"/")
}

// Threat 27: a page of somebody else signs its visitors in as its owner, to read
// later what they write.
func loginFromAForeignPage(t *testing.T, g *gateway) {
	p := g.person(t, "attacker")
	for name, foreign := range map[string]func(http.Header){
		"cross-site":     func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site"); h.Set("Origin", "https://evil.example") },
		"app of ours":    func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site"); h.Set("Origin", wiki) },
		"sibling":        func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site"); h.Set("Origin", "https://evil.example.com") },
		"sandboxed":      func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site"); h.Set("Origin", "null") },
		"an old browser": func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "https://evil.example") },
	} {
		for path, form := range map[string]url.Values{
			"/login":  {"username": {p.name}, "password": {p.password}},
			"/logout": {},
			"/setup":  {"token": {"x"}},
		} {
			b := g.browser(t)
			r := b.request(http.MethodPost, login+path, form)
			foreign(r.Header)
			if answer := b.do(r); answer.status != http.StatusForbidden || len(answer.header["Set-Cookie"]) > 0 {
				t.Errorf("%s, %s: answered %d", name, path, answer.status)
			}
		}
	}
}

// Threat 27: what a page can make a browser load signs nobody out.
func logoutByImage(t *testing.T, g *gateway) {
	p := g.person(t, "stayer")
	b := g.browser(t)
	b.arrive(p, wiki+"/")
	for _, address := range []string{login + "/logout", wiki + "/.gatehouse/logout", login + "/login"} {
		image := b.request(http.MethodGet, address, nil)
		image.Header.Set("Sec-Fetch-Mode", "no-cors")
		image.Header.Set("Sec-Fetch-Dest", "image")
		image.Header.Set("Sec-Fetch-Site", "cross-site")
		b.do(image)
		b.visit(address)
		ahead := b.request(http.MethodGet, address, nil)
		ahead.Header.Set("Sec-Purpose", "prefetch")
		b.do(ahead)
		b.do(b.request(http.MethodHead, address, nil))
	}
	foreign := b.request(http.MethodPost, wiki+"/.gatehouse/logout", url.Values{})
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	foreign.Header.Set("Origin", "https://evil.example")
	if answer := b.do(foreign); answer.status != http.StatusForbidden {
		t.Errorf("a foreign form is answered %d", answer.status)
	}
	b.mustKnow(p, wiki+"/")
	// The app's own form is another matter.
	if w := b.send(wiki+"/.gatehouse/logout", url.Values{}); w.end().status != http.StatusOK {
		t.Errorf("the app's own form ends on %d", w.end().status)
	}
	b.mustBeOut(wiki + "/")
}

// Threat 28: no page runs a script, lets itself be framed, or repeats what it was
// sent unescaped.
func pagesHoldNoScript(t *testing.T, g *gateway) {
	p := g.person(t, "reader")
	b := g.browser(t)
	const evil = `"><script>alert(1)</script>`
	pages := []*page{
		b.open(wiki + "/" + url.PathEscape(evil)).end(),
		b.visit(login + "/login?return_to=" + url.QueryEscape(evil)),
		b.submit(person{evil, evil}, b.open(login+"/login").end()).end(),
		b.visit(login + "/" + url.PathEscape(evil)),
		b.visit(login + "/setup?token=" + url.QueryEscape(evil)),
		b.visit(login + "/handoff?challenge=" + url.QueryEscape(evil)),
		b.visit(wiki + "/.gatehouse/begin?return_to=" + url.QueryEscape(evil)),
		b.visit(wiki + "/.gatehouse/" + url.PathEscape(evil)),
	}
	b.arrive(p, wiki+"/")
	pages = append(pages, b.visit(login+"/"), b.visit(login+"/logout"), b.visit(tickets+"/"), b.open(tickets+"/").end())
	for _, page := range pages {
		if strings.Contains(page.body, "<script") || strings.Contains(page.body, evil) || strings.Contains(page.body, " style=") || strings.Contains(page.body, " onclick=") {
			t.Errorf("%s: %s", page.url, page.body)
		}
		if !strings.Contains(page.header.Get("Content-Type"), "text/html") {
			continue
		}
		policy := page.header.Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, directive) {
				t.Errorf("%s lacks %s: %q", page.url, directive, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || page.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %q, %v", page.url, policy, page.header)
		}
	}
}
