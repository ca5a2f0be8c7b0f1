// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// fourHosts is a front end whose pages call two other apps. OPS is for those who may, and
// ALONE is nobody's companion.
var fourHosts = layout{
	portal: login,
	sites: `
login.example.com {
	log
	gatehouse_portal
}

front.example.com {
	log
	gatehouse front {
		companions api ops
	}
	reverse_proxy FRONT
}

api.example.com {
	log
	gatehouse api {
		preflight pass
	}
	reverse_proxy API
}

ops.example.com {
	log
	gatehouse ops {
		allow group ops
	}
	reverse_proxy OPS
}

alone.example.com {
	gatehouse alone {
		companions front
	}
	reverse_proxy ALONE
}
`,
}

const (
	front = "https://front.example.com"
	api   = "https://api.example.com"
	ops   = "https://ops.example.com"
)

// TestCompanions: who lands at an app is signed in at the hosts that its pages call, by
// the hand-off of each, and where they may not be, nothing holds them up.
func TestCompanions(t *testing.T) {
	a := newApp(t)
	g := start(t, fourHosts.with("FRONT", a.address, "API", a.address, "OPS", a.address, "ALONE", a.address))
	ada, bob := g.person(t, "ada", "ops"), g.person(t, "bob")

	t.Run("AllAreSignedIn", func(t *testing.T) {
		b := g.browser(t)
		w := b.arrive(ada, front+"/page?q=1")
		b.mustKnow(ada, api+"/")
		b.mustKnow(ada, ops+"/")
		if n := passes(w, "/.gatehouse/land"); n != 3 {
			t.Errorf("%d landings, want 3:\n%s", n, w)
		}
		for _, p := range w {
			if p.method != http.MethodGet && p.url.Path != "/login" || p.status >= 300 && p.status != http.StatusSeeOther {
				t.Errorf("something else than GET and 303:\n%s", w)
			}
		}
		if w := b.open(front + "/"); len(w) != 1 {
			t.Errorf("led around once more:\n%s", w)
		}
		b.signOut(api)
		for _, host := range []string{front, api, ops} {
			b.mustBeOut(host + "/")
		}
	})
	t.Run("OnlyWhereTheyMay", func(t *testing.T) {
		b := g.browser(t)
		w := b.arrive(bob, front+"/page")
		b.mustKnow(bob, api+"/")
		if visits(w, ops) > 0 || b.token(ops) != "" {
			t.Errorf("bob is led to what he may not open:\n%s", w)
		}
	})
	t.Run("OnlyWhatIsMissing", func(t *testing.T) {
		b := g.browser(t)
		b.arrive(ada, api+"/")
		held := b.token(api)
		w := b.open(front + "/page")
		b.mustBeAt(w, front+"/page")
		if visits(w, api) > 0 || b.token(api) != held {
			t.Errorf("signed in anew where they have been:\n%s", w)
		}
		b.mustKnow(ada, ops+"/")
	})
	t.Run("ByTheList", func(t *testing.T) {
		b := g.browser(t)
		b.arrive(ada, login+"/")
		b.mustBeAt(b.open(front+"/.gatehouse/begin?"+url.Values{"return_to": {front + "/"}}.Encode()), front+"/")
		b.mustKnow(ada, api+"/")
	})
	t.Run("NextPerson", func(t *testing.T) {
		b := g.browser(t)
		b.arrive(ada, front+"/")
		b.signOut(front)
		b.arrive(bob, front+"/")
		b.mustKnow(bob, api+"/")
		b.mustBeOut(ops + "/")
	})
	t.Run("NoChainOfChains", func(t *testing.T) {
		// The companions of a companion are not one's own.
		b := g.browser(t)
		w := b.arrive(ada, "https://alone.example.com/")
		b.mustKnow(ada, front+"/")
		if visits(w, api)+visits(w, ops) > 0 {
			t.Errorf("led further than to its companion:\n%s", w)
		}
	})
	t.Run("CookiesOfACompanionAreBlocked", func(t *testing.T) { blockedCompanion(t, g, ada) })
	t.Run("TwoCookiesAtACompanion", func(t *testing.T) {
		jar := &doubling{host: "api.example.com"}
		jar.CookieJar, _ = cookiejar.New(nil)
		b := g.browserWith(t, jar)
		b.arrive(ada, front+"/page")
		b.mustKnow(ada, ops+"/")
		b.mustBeOut(api + "/")
	})
	t.Run("ForgedJourneys", func(t *testing.T) { forgedJourneys(t, g, ada) })
	t.Run("CodeOfAPassingBrowser", func(t *testing.T) { codeOfAPassingBrowser(t, g, ada) })
	t.Run("TwentyTabs", func(t *testing.T) { twentyTabsOfCompanions(t, g, ada) })
}

// passes counts the answers from a path.
func passes(w walk, path string) (n int) {
	for _, p := range w {
		if p.url.Path == path {
			n++
		}
	}
	return n
}

// visits counts the answers from an origin.
func visits(w walk, from string) (n int) {
	for _, p := range w {
		if origin(p.url) == from {
			n++
		}
	}
	return n
}

// A browser that keeps no cookies of a companion still gets to its page, each time.
func blockedCompanion(t *testing.T, g *gateway, p person) {
	kept, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := g.browserWith(t, forgetful{kept, func(u *url.URL, _ *http.Cookie) bool { return u.Host == "api.example.com" }})
	b.arrive(p, front+"/page")
	b.mustKnow(p, ops+"/")
	b.mustBeOut(api + "/")
	b.mustKnow(p, front+"/")
}

// doubling is a jar that sends the cookies of one host twice.
type doubling struct {
	http.CookieJar
	host string
}

// Cookies returns what is kept.
func (d *doubling) Cookies(u *url.URL) []*http.Cookie {
	kept := d.CookieJar.Cookies(u)
	if u.Host == d.host {
		return append(kept, &http.Cookie{Name: "__Host-gatehouse", Value: "x"}, &http.Cookie{Name: "__Host-gatehouse", Value: "y"})
	}
	return kept
}

// Nobody is led to where no app is, and nobody's way is made longer, by an address that
// somebody has made up (threat 22).
func forgedJourneys(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	b.arrive(p, login+"/")
	challenge := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, then := range []string{
		"", "https://evil.test/", "//evil.test/", "https://front.example.com.evil.test/", "javascript:alert(1)",
		api + "/", "https://alone.example.com/", "https://front.example.com@evil.test/", front + "/a/%2e%2e/b",
	} {
		address := login + "/handoff?" + url.Values{"challenge": {challenge}, "return_to": {api + "/"}, "then": {then}}.Encode()
		if p := b.visit(address); p.status != http.StatusBadRequest || p.location() != "" {
			t.Errorf("%q: %d, on to %s", then, p.status, p.location())
		}
		w := b.open(api + "/.gatehouse/begin?" + url.Values{"return_to": {api + "/"}, "then": {then}}.Encode())
		if then != "" && (w.end().status != http.StatusBadRequest || strings.Contains(w.end().url.Host, "evil")) {
			t.Errorf("%q: leads to\n%s", then, w)
		}
	}
	// A page that is one of a companion's app needs no sign-in to be refused.
	if p := g.browser(t).visit(login + "/handoff?" + url.Values{"return_to": {api + "/"}, "then": {"https://evil.test/"}}.Encode()); p.location() != "" {
		t.Errorf("a stranger is sent to %s", p.location())
	}
}

// The code of a browser that passes through is for that browser and once, as any: another
// one that gets hold of it goes on without a session (threat 30).
func codeOfAPassingBrowser(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	b.arrive(p, login+"/")
	at := b.visit(api + "/.gatehouse/begin?" + url.Values{"return_to": {api + "/"}, "then": {front + "/page"}}.Encode())
	land := b.visit(at.location()).location()
	if !strings.HasPrefix(land, api+"/.gatehouse/land?code=") {
		t.Fatalf("no code: %s", land)
	}
	thief := g.browser(t)
	thief.visit(api + "/") // has a nonce of its own
	if answer := thief.visit(land); gives(answer.header) {
		t.Fatalf("the foreign browser has a session: %d", answer.status)
	}
	thief.mustBeOut(api + "/")
	if answer := b.visit(land); gives(answer.header) {
		t.Error("the code was not spent")
	}
}

// Threat 52: twenty tabs are restored at once, and all of them land on their pages.
func twentyTabsOfCompanions(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	b.arrive(p, login+"/")
	b.visit(front + "/") // the tabs have been open before, and share a nonce
	t.Run("tabs", func(t *testing.T) {
		for i := range 20 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				tab := g.browserWith(t, b.jar)
				tab.hops = 20 // as browsers have it
				address := fmt.Sprintf("%s/tab?n=%d", front, i)
				tab.mustBeAt(tab.open(address), address)
			})
		}
	})
	b.mustKnow(p, front+"/")
	b.mustKnow(p, api+"/")
	b.mustKnow(p, ops+"/")
}

// TestCompanionsInChromium: a page's script gets what it asks another host for, at once.
func TestCompanionsInChromium(t *testing.T) {
	path := needChromium(t)
	a := newApp(t)
	g := start(t, fourHosts.with("FRONT", a.address, "API", a.address, "OPS", a.address, "ALONE", a.address))
	p := g.person(t, "ada", "ops")
	ctx := chromium(t, g, path)
	do(t, ctx,
		chromedp.Navigate(front+"/page"),
		signsIn(p),
		appears("pre"))
	if at := get(t, ctx, chromedp.Location()); at != front+"/page" {
		t.Fatalf("landed on %s", at)
	}
	allow := url.Values{"answer": {
		"Access-Control-Allow-Origin: " + front, "Access-Control-Allow-Credentials: true", "Access-Control-Allow-Methods: PUT",
	}}.Encode()
	for _, host := range []string{api, ops} {
		method := "GET"
		if host == api {
			method = "PUT" // which needs a preflight
		}
		said := get(t, ctx, chromedp.Evaluate[string](fmt.Sprintf(
			`fetch(%q, {method: %q, credentials: "include"}).then(r => r.text(), String)`, host+"/data?"+allow, method), chromedp.EvalAwaitPromise))
		if !strings.Contains(said, "Remote-User: ada") {
			t.Errorf("%s %s: %s", method, host, said)
		}
	}
	mustHoldOneCookie(t, ctx, api)
}
