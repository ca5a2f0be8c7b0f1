// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// markup is put wherever a client may put something.
const markup = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`

// active finds what the policy would have to stop: it should not be there at all.
// Values of attributes are quoted, as the templates write them.
var (
	active = regexp.MustCompile(`(?i)<script|<[^>]* on[a-z]+=|<[^>]* style=|<style|javascript:|<iframe|<object|<base`)
	quoted = regexp.MustCompile(`"[^"]*"`)
)

// Threat 28: every page, whatever it shows, has the strict policy, no script and
// no style of its own, nothing of what came in unescaped, and nothing at all of the
// Referer, the Host and the forwarding headers.
func TestPagesAreStrict(t *testing.T) {
	w := newTown(t, memstore.New(), newKey(t))
	address, token := link(t, w)
	before := map[string]*answer{}
	hostile := []string{
		"Referer", "https://evil.test/" + markup, "X-Forwarded-Host", "evil.test", "X-Forwarded-Proto", "javascript",
		"X-Forwarded-For", "evil.test", "Forwarded", "host=evil.test", "X-Original-URL", "/evil.test", "X-Rewrite-URL", "/evil.test",
		"User-Agent", markup, "Accept-Language", markup,
	}
	stranger := w.browser()
	before["set-up"] = stranger.get(address+"&username="+url.QueryEscape(markup), hostile...)
	form := url.Values{"token": {token}, "username": {markup}, "name": {markup}, "email": {markup}, "password": {markup}}
	before["set-up, invalid"] = stranger.post("/setup", form, hostile...)
	form.Set("token", markup)
	before["set-up, gone"] = stranger.post("/setup", form, hostile...)

	if _, err := w.house.Users.Add(t.Context(), local.NewUser{Name: anna, FullName: markup, Password: password}); err != nil {
		t.Fatal(err)
	}
	member := w.browser()
	member.signIn(anna)
	evil := url.QueryEscape("https://evil.test/" + markup)
	app := url.QueryEscape(wiki + "/page?" + url.QueryEscape(markup))
	pages := before
	pages["login"] = stranger.get("/login?return_to="+app, hostile...)
	pages["login, wrong"] = stranger.login(markup, markup, hostile...)
	pages["login, incomplete"] = stranger.login(markup, "", hostile...)
	pages["apps"] = member.get("/?x="+evil, hostile...)
	pages["logout"] = member.get("/logout?return_to="+app, hostile...)
	pages["logout, signed out"] = stranger.get("/logout?return_to="+app, hostile...)
	pages["hand-off, bad"] = member.get("/handoff?return_to="+evil+"&challenge="+evil, hostile...)
	pages["not found"] = stranger.get("/"+url.PathEscape(markup)+"?"+evil, hostile...)
	pages["form, bad"] = stranger.do(http.MethodPost, "/login", strings.NewReader("%zz"+markup), hostile...)
	pages["form, foreign"] = stranger.do(http.MethodPost, "/login", strings.NewReader(evil), append(hostile, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test")...)
	pages["cookies, two"] = stranger.get("/", append(hostile, "Cookie", cookieName+"="+markup+"; "+cookieName+"=evil.test")...)
	pages["method"] = stranger.do("BREW", "/login?"+evil, nil, hostile...)
	w.disk.Break(store.ErrFull)
	pages["logout, failed"] = member.post("/logout", url.Values{"return_to": {wiki + "/" + markup}}, hostile...)
	pages["health"] = stranger.get("/healthz?"+evil, hostile...)

	for name, a := range pages {
		h := a.header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %s: %q", name, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "script-src") || strings.Contains(policy, "evil") {
			t.Errorf("%s: policy %q", name, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: headers %v", name, h)
		}
		if found := active.FindString(quoted.ReplaceAllString(a.body, `""`)); found != "" || strings.Contains(a.body, markup) {
			t.Errorf("%s: unescaped: %q", name, found)
		}
		if strings.Contains(a.body, "evil.test") {
			t.Errorf("%s shows where the client came from", name)
		}
		for _, values := range h {
			if strings.Contains(strings.Join(values, " "), "evil.test") {
				t.Errorf("%s: headers %v", name, h)
			}
		}
	}
	if name := pages["apps"].body; !strings.Contains(name, "&lt;script&gt;") {
		t.Error("the full name is not on the page, so nothing was tested")
	}
}

// Redirects are for this browser and this moment, and tell the next host nothing of
// where they came from.
func TestRedirectsAreNotKept(t *testing.T) {
	w := newPortal(t)
	w.add(anna)
	b := w.browser()
	for _, a := range []*answer{
		b.get("/"), b.get("/login?x=1"), b.get(handoffAddress(wiki + "/")), b.login(anna, password), b.get("/login"),
		b.get(handoffAddress(wiki + "/")), b.post("/logout", nil),
	} {
		if a.status != http.StatusSeeOther || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" || a.body != "" {
			t.Errorf("%d %s: %v %q", a.status, a.location(), a.header, a.body)
		}
	}
}

// The stylesheet that the pages name is there, and may be kept for ever.
func TestPagesFindTheirStylesheet(t *testing.T) {
	w := newPortal(t)
	b := w.browser()
	match := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)">`).FindStringSubmatch(b.get("/login").body)
	if match == nil {
		t.Fatal("the page has no stylesheet")
	}
	if a := b.get(match[1]); a.status != http.StatusOK || a.header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", a.status, a.header)
	}
}
