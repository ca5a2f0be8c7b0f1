// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// remembers is how apps of this kind work: who is signed in is asked once.
const remembers = `<?php
session_start();
if (empty($_SESSION['user'])) $_SESSION['user'] = $_SERVER['REMOTE_USER'];
$_SESSION['pages'][] = $_GET['q'] ?? '-';
echo $_SESSION['user'], ' ', implode(',', $_SESSION['pages']);
`

// TestAppSessionOutlivesAnIdleEnd: who comes back to a browser after the session has
// ended by itself goes on in the app where they were; somebody else does not, and neither
// does who comes back after that (threat 21).
func TestAppSessionOutlivesAnIdleEnd(t *testing.T) {
	t.Parallel() // it waits for a minute
	g := prepare(t)
	root := filepath.Join(g.dir, "www")
	writeFiles(t, root, map[string]string{"index.php": remembers, "poll.php": "<?php echo 'here';"})
	socket := phpFPM(t, g, fmt.Sprintf("php_admin_value[session.save_path] = %s", g.dir))
	g.write(layout{
		portal:  login,
		options: "session {\n\t\t\tidle 1m\n\t\t}",
		sites: fmt.Sprintf(`
login.example.com {
	gatehouse_portal
}

wiki.example.org {
	gatehouse wiki {
		passive /poll.php
	}
	root * %s
	php_fastcgi unix/%s
}
`, root, socket),
	})
	g.run()
	ada, bob := g.person(t, "ada"), g.person(t, "bob")
	shared, alone := g.browser(t), g.browser(t)
	show := func(b *browser, p person, q string) string {
		t.Helper()
		return b.arrive(p, wiki+"/index.php?q="+q).end().body
	}
	over := func(b *browser) {
		t.Helper()
		for deadline := time.Now().Add(2 * patience); ; time.Sleep(time.Second) {
			if b.fetch(http.MethodGet, wiki+"/poll.php").status == http.StatusUnauthorized {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("an idle session does not end")
			}
		}
	}
	for _, b := range []*browser{alone, shared} {
		if got := show(b, ada, "1"); got != "ada 1" {
			t.Fatalf("the app says %q", got)
		}
	}
	over(alone)
	if got := show(alone, ada, "2"); got != "ada 1,2" {
		t.Errorf("back after an idle end, the app says %q", got)
	}
	over(shared)
	if got := show(shared, bob, "3"); got != "bob 3" {
		t.Errorf("to the next person the app says %q", got)
	}
	shared.signOut(wiki)
	if got := show(shared, ada, "4"); got != "ada 4" {
		t.Errorf("after the next person the app says %q", got)
	}
}

// leaves is an app that leaves things in a browser, by the person's name: a cookie that
// scripts cannot read and one that they can, one for a deep path, one made by a script,
// local storage, and a page in the cache. It shows what it gets.
func leaves(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get("Remote-User")
		switch r.URL.Path {
		case "/deep/down/set":
			http.SetCookie(w, &http.Cookie{Name: "deep", Value: name, Path: "/deep/down", HttpOnly: true})
		case "/set":
			http.SetCookie(w, &http.Cookie{Name: "SID", Value: name, Path: "/", HttpOnly: true, MaxAge: 3600})
			http.SetCookie(w, &http.Cookie{Name: "__Host-strict", Value: name, Path: "/", Secure: true, HttpOnly: true})
			http.SetCookie(w, &http.Cookie{Name: "csrf", Value: name, Path: "/"})
		case "/cached":
			w.Header().Set("Cache-Control", "max-age=3600")
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<pre id=sees>%s: %s</pre>", name, r.Header.Get("Cookie"))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// TestNextPersonInChromium: the next person at a real browser finds nothing of the one
// before, on no path, in no storage and not in the cache, whether or not that one has
// signed out (threats 21 and 43). The same person finds everything again.
func TestNextPersonInChromium(t *testing.T) {
	path, err := exec.LookPath("chromium")
	require(t, err)
	upstream := leaves(t)
	g := start(t, twoApps.with("WIKI", upstream, "TICKETS", upstream))
	ada, bob := g.person(t, "ada", "staff"), g.person(t, "bob", "staff")
	for _, signsOut := range []bool{true, false} {
		t.Run(fmt.Sprintf("signs out %t", signsOut), func(t *testing.T) {
			nextPersonInChromium(t, chromium(t, g, path), g, ada, bob, signsOut)
		})
	}
}

func nextPersonInChromium(t *testing.T, ctx context.Context, g *gateway, ada, bob person, signsOut bool) {
	signInChromium(t, ctx, ada, wiki+"/set")
	do(t, ctx,
		chromedp.Navigate(wiki+"/deep/down/set"), appears("#sees"),
		chromedp.Navigate(wiki+"/cached"), appears("#sees"))
	evaluate(t, ctx, `document.cookie = "made=ada; path=/"; localStorage.setItem("draft", "ada"); return ""`)
	const adas = "SID=ada __Host-strict=ada csrf=ada deep=ada made=ada"
	mustSee(t, ctx, "ada", adas)
	if signsOut {
		do(t, ctx, chromedp.Navigate(wiki+"/.gatehouse/logout"), appears("form button[type=submit]"),
			click("form button[type=submit]"), vanishes("form"))
		if at := get(t, ctx, chromedp.Location()); !strings.HasPrefix(at, login+"/logout?") {
			t.Errorf("signed out at %s", at)
		}
		do(t, ctx, chromedp.Navigate(wiki+"/public/look"), appears("#sees"))
		if got := evaluate(t, ctx, `return document.cookie + (localStorage.getItem("draft") || "")`); got != "" {
			t.Errorf("after the sign-out %q is left", got)
		}
	} else {
		g.gatehouse("", "session", "revoke", "--user", ada.name)
	}
	signInChromium(t, ctx, bob, wiki+"/")
	mustSee(t, ctx, "bob", "")
	if got := evaluate(t, ctx, `return document.cookie + (localStorage.getItem("draft") || "")`); got != "" {
		t.Errorf("bob's page finds %q", got)
	}
	do(t, ctx, chromedp.Navigate(wiki+"/cached"), appears("#sees"))
	if got := shows(t, ctx, "#sees"); !strings.HasPrefix(got, "bob:") {
		t.Errorf("bob's cache holds %q", got)
	}
	do(t, ctx, chromedp.Navigate(wiki+"/set"), appears("#sees"))
	mustSee(t, ctx, "bob", "SID=bob __Host-strict=bob csrf=bob")
	held := get(t, ctx, func(ctx context.Context, target *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{URLs: []string{wiki + "/deep/down/set"}})
	})
	for _, c := range held.Cookies {
		if c.Value == "ada" && !strings.HasPrefix(c.Name, "deep~") {
			t.Errorf("the browser still has %s of ada", c.Name)
		}
	}
}

// evaluate runs a script in the page.
func evaluate(t *testing.T, ctx context.Context, script string) string {
	t.Helper()
	return get(t, ctx, chromedp.Evaluate[string]("(() => {"+script+"})()"))
}

func signInChromium(t *testing.T, ctx context.Context, p person, address string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(address), signsIn(p), appears("#sees"))
}

// mustSee insists on what the app gets on a deep path, where most cookies come.
func mustSee(t *testing.T, ctx context.Context, name, cookies string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(wiki+"/deep/down/look"), appears("#sees"))
	got := shows(t, ctx, "#sees")
	who, all, _ := strings.Cut(got, ":")
	want := strings.Fields(cookies)
	if who != name || len(strings.FieldsFunc(all, func(r rune) bool { return r == ';' || r == ' ' })) != len(want) {
		t.Errorf("the app sees %q, want %s with %q", got, name, cookies)
		return
	}
	for _, cookie := range want {
		if !strings.Contains(all, cookie) {
			t.Errorf("the app sees %q, want %s with %q", got, name, cookies)
		}
	}
}
