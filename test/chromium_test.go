// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// TestChromium signs in with a real browser, on hosts of three domains: what a
// browser does with cookies, redirects after a form and policies is its own
// affair, and so is tried with one.
func TestChromium(t *testing.T) {
	path := needChromium(t)
	a := newApp(t)
	g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
	p := g.person(t, "ada", "staff")
	for _, script := range []bool{true, false} {
		t.Run(fmt.Sprintf("JavaScript %t", script), func(t *testing.T) { throughChromium(t, g, path, p, a, script) })
	}
}

func throughChromium(t *testing.T, g *gateway, path string, p person, a *app, script bool) {
	ctx := chromium(t, g, path)
	do(t, ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		return cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !script})
	})
	do(t, ctx,
		chromedp.Navigate(wiki+"/page?q=1&r=%2F"),
		signsIn(p),
		appears("pre")) // how Chromium shows plain text
	if at := get(t, ctx, chromedp.Location()); at != wiki+"/page?q=1&r=%2F" {
		t.Errorf("landed on %s", at)
	}
	mustShow(t, ctx, p)
	for _, r := range a.all() {
		if referer := strings.Join(r.values("Referer"), ""); strings.Contains(referer, "code=") {
			t.Errorf("the app is told the code: %s", referer)
		}
	}
	mustHoldOneCookie(t, ctx, wiki)
	do(t, ctx, chromedp.Navigate(tickets+"/"), appears("pre"))
	mustShow(t, ctx, p)
	mustHoldOneCookie(t, ctx, tickets)
	do(t, ctx,
		chromedp.Navigate(tickets+"/.gatehouse/logout"),
		appears("form button[type=submit]"),
		click("form button[type=submit]"),
		vanishes("form"),
		chromedp.Navigate(wiki+"/"),
		appears("#username"))
	if at := get(t, ctx, chromedp.Location()); !strings.HasPrefix(at, login+"/login?") {
		t.Errorf("after the sign-out the wiki leads to %s", at)
	}
}

// TestAnAppsWordInChromium: somebody whom an app has sent goes on by the page's form, with a
// real browser without JavaScript, and the token is in no address that it has kept.
func TestAnAppsWordInChromium(t *testing.T) {
	path := needChromium(t)
	a := newApp(t)
	l := twoApps.with("WIKI", a.address, "TICKETS", a.address, "public /public/*", "phprunner_key "+runnerKey+"\n\t\taccept_tokens group staff app wiki")
	g := start(t, l)
	p := g.person(t, "ada", "staff")
	ctx := chromium(t, g, path)
	do(t, ctx, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		return cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	})
	// Now that the browser runs: it is good for half a minute.
	token, err := keyring.SignPHPRunner([]byte(runnerKey), keyring.PHPRunnerClaims{Username: p.name, Host: "login.example.com"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g.secrets.add("token", token)
	do(t, ctx,
		chromedp.Navigate(login+"/login?"+url.Values{"return_to": {wiki + "/page?q=1"}, "token": {token}}.Encode()),
		appears("form button[type=submit]"))
	if at := get(t, ctx, chromedp.Location()); !strings.HasPrefix(at, login+"/continue?arrival=") {
		t.Errorf("asked at %s", at)
	}
	do(t, ctx, click("form button[type=submit]"), appears("pre"))
	if at := get(t, ctx, chromedp.Location()); at != wiki+"/page?q=1" {
		t.Errorf("landed on %s", at)
	}
	mustShow(t, ctx, p)
	mustHoldOneCookie(t, ctx, wiki)
	history := get(t, ctx, func(ctx context.Context, target *chromedp.Target) (cdppage.GetNavigationHistoryResult, error) {
		return cdp.Call(ctx, target, cdppage.GetNavigationHistory, cdp.Empty{})
	})
	for _, entry := range history.Entries {
		if strings.Contains(entry.URL, token) {
			t.Errorf("the browser keeps %s", entry.URL)
		}
	}
	for _, r := range a.all() {
		if referer := strings.Join(r.values("Referer"), ""); strings.Contains(referer, "token=") {
			t.Errorf("the app is told the token: %s", referer)
		}
	}
	do(t, ctx, chromedp.Navigate(tickets+"/"), appears("h1"))
	if text := shows(t, ctx, "h1"); text != "tickets wants your password" {
		t.Errorf("the other app says %q", text)
	}
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func get[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// mustShow insists on the page's being that of an app that knows the person.
func mustShow(t *testing.T, ctx context.Context, p person) {
	t.Helper()
	if text := shows(t, ctx, "pre"); !strings.Contains(text, "Remote-User: "+p.name) {
		t.Errorf("the app does not know %s:\n%s", p.name, text)
	}
}

// mustHoldOneCookie looks at all that the browser would send to a host.
func mustHoldOneCookie(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	held := get(t, ctx, func(ctx context.Context, target *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{URLs: []string{address + "/"}})
	})
	if len(held.Cookies) != 1 || held.Cookies[0].Name != "__Host-gatehouse" {
		t.Errorf("%s holds %d cookies", address, len(held.Cookies))
	}
	for _, c := range held.Cookies {
		if !c.HTTPOnly || !c.Secure || c.SameSite != network.CookieSameSiteLax {
			t.Errorf("%s: %s is HttpOnly %t, Secure %t, SameSite %s", address, c.Name, c.HTTPOnly, c.Secure, c.SameSite)
		}
	}
}

// needChromium returns where the browser is.
func needChromium(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require(t, err)
	return path
}

// chromium starts a browser that finds the gateway's hosts on loopback, and ends
// with the test.
func chromium(t *testing.T, g *gateway, path string) context.Context {
	t.Helper()
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.IgnoreCertErrors,
		chromedp.Flag("host-resolver-rules", fmt.Sprintf("MAP *:443 127.0.0.1:%d, MAP *:80 127.0.0.1:%d", g.https, g.http)),
		chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until it has ended
		cancel()
	})
	ctx, cancel = context.WithTimeout(ctx, 4*patience)
	t.Cleanup(cancel)
	return ctx
}
