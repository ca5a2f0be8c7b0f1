// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// sibling is a page on a sibling of the wiki's host, so that the wiki's cookies travel with
// what it asks for. It asks for the wiki's sign-out in each way that needs no person, and
// has a link.
const sibling = `<!doctype html><title>sibling</title>
<img src="https://wiki.example.org/out?by=image">
<link rel="stylesheet" href="https://wiki.example.org/out?by=style">
<link rel="prefetch" href="https://wiki.example.org/out?by=prefetch">
<script src="https://wiki.example.org/out?by=script" async></script>
<iframe src="https://wiki.example.org/out?by=frame"></iframe>
<iframe name="sink"></iframe>
<form id="form" method="post" action="https://wiki.example.org/out?by=form" target="sink"></form>
<a id="link" href="https://wiki.example.org/out?by=link">sign out</a>
<script>
document.getElementById("form").submit()
fetch("https://wiki.example.org/out?by=fetch", {mode: "no-cors", credentials: "include"})
</script>`

// TestSiblingSignsNobodyOut: in a real browser no page of another site signs anybody out
// by the app's own logout button, though the app is reached with the person's cookies; the
// person who follows a link from there does (threat 27).
func TestSiblingSignsNobodyOut(t *testing.T) {
	path, err := exec.LookPath("chromium")
	require(t, err)
	a := newApp(t)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, sibling)
	}))
	t.Cleanup(evil.Close)
	l := twoApps.with("WIKI", a.address, "TICKETS", a.address, "public /public/*", "logout_on /out")
	l.sites += "\nevil.example.org {\n\treverse_proxy " + evil.Listener.Addr().String() + "\n}\n"
	g := start(t, l)
	p := g.person(t, "ada", "staff")
	tab := chromium(t, g, path)
	do(t, tab,
		chromedp.Navigate(wiki+"/"), signsIn(p), appears("pre"),
		chromedp.Navigate("https://evil.example.org/"), appears("#link"))
	// A browser need not prefetch, and so is not waited for.
	for _, by := range []string{"image", "style", "script", "frame", "form", "fetch"} {
		g.eventually("the app is asked by "+by+", in the person's name", func() bool {
			for _, r := range a.all() {
				if r.query().Get("by") == by && strings.Join(r.values("Remote-User"), "") == p.name {
					return true
				}
			}
			return false
		})
	}
	do(t, tab, chromedp.Navigate(wiki+"/"), appears("pre"))
	mustShow(t, tab, p)
	do(t, tab,
		chromedp.Navigate("https://evil.example.org/"), appears("#link"),
		click("#link"), appears("main"))
	if at, text := get(t, tab, chromedp.Location()), shows(t, tab, "main"); !strings.HasPrefix(at, login+"/logout") || !strings.Contains(text, "signed out") {
		t.Errorf("the link leads to %s:\n%s", at, text)
	}
	do(t, tab, chromedp.Navigate(wiki+"/"), appears("#username"))
}
