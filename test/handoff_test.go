// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestHandOff tries threats 30, 31 and 52 on one gateway. That no code is in the
// access log is looked at when the gateway ends, see [gateway.secrets].
func TestHandOff(t *testing.T) {
	a := newApp(t)
	g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
	p := g.person(t, "walker", "staff")
	t.Run("CodeReplayed", func(t *testing.T) { codeReplayed(t, g, p) })
	t.Run("HundredRedeemsOneWinner", func(t *testing.T) { hundredRedeems(t, g, p) })
	t.Run("HeadAndPrefetchDoNotSpend", func(t *testing.T) { headAndPrefetch(t, g, p) })
	t.Run("ForeignBrowserSpends", func(t *testing.T) { foreignBrowser(t, g, p) })
	t.Run("CodeOfAnotherHost", func(t *testing.T) { codeOfAnotherHost(t, g, p) })
	t.Run("CodeOfAnEndedSession", func(t *testing.T) { codeOfAnEndedSession(t, g, p) })
	t.Run("CodeLeavesNoTrace", func(t *testing.T) { codeLeavesNoTrace(t, g, p, a) })
	t.Run("AnotherPersonIsReplaced", func(t *testing.T) { anotherPerson(t, g, p) })
	t.Run("TwentyRestoredTabs", func(t *testing.T) { twentyTabs(t, g, p) })
	t.Run("LoginAddressInAnotherBrowser", func(t *testing.T) { loginAddress(t, g, p) })
	t.Run("CookiesNeverComeBack", func(t *testing.T) { cookiesNeverComeBack(t, g, p) })
}

// codeFor signs in for the wiki and stops before the code is spent: it returns
// the address that spends it.
func (b *browser) codeFor(p person) string {
	b.t.Helper()
	page := b.open(wiki + "/page?q=1").end()
	form := url.Values{"username": {p.name}, "password": {p.password}, "return_to": {page.hidden("return_to")}}
	r := b.request(http.MethodPost, login+"/login", form)
	for range mostHops {
		to := b.do(r).location()
		if strings.HasPrefix(to, wiki+"/.gatehouse/land") {
			return to
		}
		if to == "" {
			break
		}
		r = b.request(http.MethodGet, to, nil)
	}
	b.t.Fatal("the sign-in led to no code")
	return ""
}

// gives reports whether an answer puts a session token into the browser.
func gives(header http.Header) bool {
	for _, c := range (&http.Response{Header: header}).Cookies() {
		selector, _, _ := strings.Cut(c.Value, ".")
		if ours(c.Name) && strings.Trim(selector, "A") != "" {
			return true
		}
	}
	return false
}

// copied returns another browser that holds the same cookies now.
func (b *browser) copied(g *gateway) *browser {
	b.t.Helper()
	other := g.browser(b.t)
	for _, address := range []string{login, wiki, tickets} {
		if token := b.token(address); token != "" {
			other.plant(address, token)
		}
	}
	return other
}

// A code works once, even for a browser that holds what it was bound to.
func codeReplayed(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	land := b.codeFor(p)
	before := b.copied(g)
	if answer := b.visit(land); !gives(answer.header) || answer.location() != wiki+"/page?q=1" {
		t.Fatalf("the first landing gives nothing: %d %s", answer.status, answer.location())
	}
	if answer := before.visit(land); gives(answer.header) || answer.status < 300 {
		t.Errorf("the second landing gives a token: %d", answer.status)
	}
	b.mustKnow(p, wiki+"/")
	before.mustBeOut(wiki + "/")
}

// Of 100 browsers that redeem one code at the same moment, all holding what it
// was bound to, one gets a session.
func hundredRedeems(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	land := b.codeFor(p)
	var racers sync.WaitGroup
	winners := make(chan string, 100)
	for range 100 {
		r := b.request(http.MethodGet, land, nil)
		r.Header.Set("Cookie", "__Host-gatehouse="+b.token(wiki))
		racers.Go(func() {
			response, err := b.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			if gives(response.Header) {
				winners <- response.Header.Get("Set-Cookie")
			}
		})
	}
	racers.Wait()
	if len(winners) != 1 {
		t.Errorf("%d of 100 won", len(winners))
	}
}

// What browsers and mail scanners do ahead of the person must not take the code
// from them.
func headAndPrefetch(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	land := b.codeFor(p)
	head := b.request(http.MethodHead, land, nil)
	ahead := b.request(http.MethodGet, land, nil)
	ahead.Header.Set("Sec-Purpose", "prefetch;prerender")
	old := b.request(http.MethodGet, land, nil)
	old.Header.Del("Sec-Fetch-Mode")
	old.Header.Set("Purpose", "prefetch")
	script := b.request(http.MethodGet, land, nil)
	script.Header.Set("Sec-Fetch-Mode", "no-cors")
	for _, r := range []*http.Request{head, ahead, old, script} {
		if answer := b.do(r); gives(answer.header) || answer.status < 400 {
			t.Errorf("%s with %v is answered with %d", r.Method, r.Header, answer.status)
		}
	}
	if answer := b.visit(land); !gives(answer.header) {
		t.Errorf("the code is gone: %d", answer.status)
	}
}

// A code that came to another browser is refused there, and is spent; the person
// whose it was still arrives, by a new one.
func foreignBrowser(t *testing.T, g *gateway, p person) {
	for name, holds := range map[string]func(*browser){
		"without a nonce":   func(*browser) {},
		"with its own":      func(b *browser) { b.visit(wiki + "/") },
		"with a tossed one": func(b *browser) { b.plant(wiki, strings.Repeat("A", 22)+"."+strings.Repeat("A", 43)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := g.browser(t)
			land := b.codeFor(p)
			thief := g.browser(t)
			holds(thief)
			if answer := thief.visit(land); gives(answer.header) {
				t.Fatalf("the foreign browser has a session: %d", answer.status)
			}
			thief.mustBeOut(wiki + "/")
			if answer := b.visit(land); gives(answer.header) {
				t.Error("the code was not spent")
			}
			b.arriveKnown(wiki + "/page?q=1")
			b.mustKnow(p, wiki+"/")
		})
	}
	if len(g.log.audit("handoff_refused")) == 0 {
		t.Error("no audit line tells of it")
	}
}

// A code is for one host: at another it is refused, and spent.
func codeOfAnotherHost(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	land := b.codeFor(p)
	b.plant(tickets, b.token(wiki))
	if answer := b.visit(strings.Replace(land, wiki, tickets, 1)); gives(answer.header) {
		t.Error("another host takes the code")
	}
	if answer := b.visit(land); gives(answer.header) {
		t.Error("the code was not spent")
	}
}

// A code outlives no session: who has signed out meanwhile lands nowhere.
func codeOfAnEndedSession(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	land := b.codeFor(p)
	b.send(login+"/logout", url.Values{})
	if answer := b.visit(land); gives(answer.header) {
		t.Error("the code of an ended session gives a token")
	}
	b.mustBeOut(wiki + "/")
}

// No code stays in the address bar, in a Referer, or where the app could see it.
func codeLeavesNoTrace(t *testing.T, g *gateway, p person, a *app) {
	b := g.browser(t)
	w := b.arrive(p, wiki+"/page?q=1")
	if w.end().url.Query().Has("code") {
		t.Errorf("the address bar holds %s", w.end().url)
	}
	carried := 0
	for _, p := range w {
		if !strings.Contains(p.location(), "code=") && !p.url.Query().Has("code") {
			continue
		}
		carried++
		if policy := p.header.Get("Referrer-Policy"); policy != "no-referrer" {
			t.Errorf("%s has the referrer policy %q", p.url.Path, policy)
		}
		if cache := p.header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
			t.Errorf("%s may be kept: %q", p.url.Path, cache)
		}
	}
	if carried != 2 {
		t.Errorf("%d answers carried a code, want 2:\n%s", carried, w)
	}
	for _, r := range a.all() {
		if strings.Contains(r.path(), ".gatehouse") || strings.Contains(strings.Join(r.lines, "\n"), "code=") {
			t.Errorf("the app was told of the hand-off: %s\n%q", r.request, r.lines)
		}
	}
}

// Threat 31: the app's host still holds the session of the person before. Whoever
// has signed in since is who arrives.
func anotherPerson(t *testing.T, g *gateway, before person) {
	next := g.person(t, "next")
	b := g.browser(t)
	b.arrive(before, wiki+"/")
	b.mustKnow(before, wiki+"/")
	b.plant(login, "") // the portal's cookie is lost, the app's is not
	w := b.signIn(next, login+"/login")
	tile := regexp.MustCompile(`href="(` + regexp.QuoteMeta(wiki) + `[^"]*)"`).FindStringSubmatch(w.end().body)
	if tile == nil {
		t.Fatalf("the portal shows no way to the wiki:\n%s", w.end().body)
	}
	b.mustBeAt(b.open(strings.ReplaceAll(tile[1], "&amp;", "&")), wiki+"/")
	b.mustKnow(next, wiki+"/")
}

// Threat 52: a browser restores twenty tabs at once. All land, whether they come
// before or after the sign-in.
func twentyTabs(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	each := func(do func(*testing.T, *browser, string)) {
		t.Run("tabs", func(t *testing.T) {
			for i := range 20 {
				address := fmt.Sprintf("%s/tab?n=%d", []string{wiki, tickets}[i%2], i)
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					do(t, g.browserWith(t, b.jar), address)
				})
			}
		})
	}
	forms := make(chan *page, 20)
	each(func(t *testing.T, tab *browser, address string) {
		at := tab.open(address).end()
		if at.url.Path != "/login" {
			t.Errorf("%s leads to %s", address, at.url)
		}
		forms <- at
	})
	// One tab is filled in; the others are loaded again.
	first := <-forms
	b.mustBeAt(b.submit(p, first), first.hidden("return_to"))
	each(func(t *testing.T, tab *browser, address string) { tab.mustBeAt(tab.open(address), address) })
	each(func(t *testing.T, tab *browser, address string) { tab.mustKnow(p, address) })
	// A form that was left open signs in once more, and lands as well.
	second := <-forms
	b.mustBeAt(b.submit(p, second), second.hidden("return_to"))
}

// A login address holds nothing but where to go, and may be sent to a colleague.
func loginAddress(t *testing.T, g *gateway, p person) {
	b := g.browser(t)
	address := b.visit(wiki + "/page?q=1&x=%26").location()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if query := u.Query(); len(query) != 1 || query.Get("return_to") != wiki+"/page?q=1&x=%26" {
		t.Errorf("the login address is %s", address)
	}
	other := g.browser(t)
	w := other.signIn(p, address)
	other.mustBeAt(w, wiki+"/page?q=1&x=%26")
}

// Threat 52: browsers that do not give cookies back end on a page that names the
// cause, after few redirects.
func cookiesNeverComeBack(t *testing.T, g *gateway, p person) {
	for name, forgets := range map[string]func(*url.URL, *http.Cookie) bool{
		"none at all":     func(*url.URL, *http.Cookie) bool { return true },
		"none of the app": func(u *url.URL, _ *http.Cookie) bool { return u.Host == "wiki.example.org" },
		"no token of the app": func(u *url.URL, c *http.Cookie) bool {
			return u.Host == "wiki.example.org" && !strings.HasPrefix(c.Value, "AAAA")
		},
		"none with the prefix": func(_ *url.URL, c *http.Cookie) bool { return strings.HasPrefix(c.Name, "__Host-") },
	} {
		t.Run(name, func(t *testing.T) {
			kept, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			b := g.browserWith(t, forgetful{kept, forgets})
			at := b.signIn(p, wiki+"/page").end() // fails after more than 12 redirects
			if at.status != http.StatusBadRequest || !strings.Contains(at.body, "does not send back the cookie") {
				t.Errorf("ended on %d %s\n%s", at.status, at.url, at.body)
			}
		})
	}
}

// forgetful is a jar that loses some cookies.
type forgetful struct {
	http.CookieJar
	forgets func(*url.URL, *http.Cookie) bool
}

// SetCookies keeps what is not forgotten.
func (f forgetful) SetCookies(u *url.URL, cookies []*http.Cookie) {
	f.CookieJar.SetCookies(u, slices.DeleteFunc(slices.Clone(cookies), func(c *http.Cookie) bool { return f.forgets(u, c) }))
}
