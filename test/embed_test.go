// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// embedding is an app, a page of another site and one of the same site that show it in a
// frame, and an advertisement beside it, which would like to act in the person's name.
var embedding = layout{
	portal: login,
	sites: `
login.example.com {
	log
	gatehouse_portal
}

wiki.example.com {
	log
	gatehouse wiki {
		embed_in https://intranet.example.org https://intranet.example.com
	}
	reverse_proxy WIKI
}

intranet.example.org, intranet.example.com, stranger.example.net {
	header Content-Type text/html
	handle /attacked {
		respond "<iframe src='https://wiki.example.com/page'></iframe><iframe src='https://ads.example.net/'></iframe>"
	}
	handle {
		respond "<h1>Start</h1><iframe src='https://wiki.example.com/page?answer=Set-Cookie:+SID=of-the-app%3B+HttpOnly'></iframe>"
	}
}

ads.example.net {
	header Content-Type text/html
	respond "<form method=post action='https://wiki.example.com/transfer'></form><script>
		fetch('https://wiki.example.com/fetched', {method: 'POST', mode: 'no-cors', credentials: 'include'})
			.catch(() => {}).then(() => document.forms[0].submit())
	</script>"
}
`,
}

const embeddedWiki = "https://wiki.example.com"

// TestEmbeddedInChromium: a page of another site shows the app to somebody who signs in
// for it, by what browsers themselves do with partitioned cookies and named frames; and
// what else that page shows does nothing in their name. See docs/decisions/0010.
func TestEmbeddedInChromium(t *testing.T) {
	whole := t
	path := needChromium(t)
	a := newApp(t)
	g := start(t, embedding.with("WIKI", a.address))
	p := g.person(t, "ada")
	ctx := chromium(t, g, path)

	do(t, ctx, chromedp.Navigate("https://intranet.example.org/"))
	frame := attach(t, ctx, g, "iframe", embeddedWiki+"/page")
	do(t, frame, click(`a[target="_blank"]`))
	tab := attach(t, ctx, g, "page", login+"/login")
	do(t, tab,
		signsIn(p),
		appears(`a[target^="gatehouse-"]`),
		click(`a[target^="gatehouse-"]`))
	if a.count() > 0 {
		t.Errorf("the app was asked before anybody was signed in in the frame: %v", a.last(t))
	}
	inDoor := `(document.querySelector("iframe.door")?.contentDocument?.querySelector("a[target=_parent]")?.textContent || "")`
	g.eventually("the door says that somebody is signed in", func() bool {
		return get(t, frame, chromedp.Evaluate[string](inDoor)) == "Open wiki"
	})
	get(t, frame, chromedp.Evaluate[string](`(document.querySelector("iframe.door").contentDocument.querySelector("a").click(), "")`))
	g.eventually("the page is in the frame", func() bool { return a.framed(p.name) > 0 })

	t.Run("Again", func(t *testing.T) {
		before := a.framed(p.name)
		do(t, ctx, chromedp.Navigate("https://intranet.example.org/"))
		g.eventually("the page is in the frame at once", func() bool { return a.framed(p.name) > before })
		if cookies := a.last(t).values("Cookie"); !slices.Contains(cookies, "SID=of-the-app") {
			t.Errorf("the app's own session does not come back to the frame: %q", cookies)
		}
		mustHoldPartitioned(t, ctx)
	})
	t.Run("SameSite", func(t *testing.T) {
		// One partition with the tab, so nobody has to sign in.
		before := a.framed(p.name)
		do(t, ctx, chromedp.Navigate("https://intranet.example.com/"))
		g.eventually("the page is in the frame of a sibling", func() bool { return a.framed(p.name) > before })
	})
	t.Run("Stranger", func(t *testing.T) {
		// The page has loaded when its frame has, with what it may not show.
		do(t, ctx, chromedp.Navigate("https://stranger.example.net/"))
		frame := attach(whole, ctx, g, "iframe", embeddedWiki)
		if at := get(t, frame, chromedp.Evaluate[string]("location.href + document.body.innerHTML")); strings.Contains(at, embeddedWiki) {
			t.Errorf("somebody else's page shows the app: %s", at)
		}
	})
	t.Run("Advertisement", func(t *testing.T) {
		refusals := len(g.log.audit("denied"))
		do(t, ctx, chromedp.Navigate("https://intranet.example.org/attacked"))
		g.eventually("both posts are refused", func() bool { return len(g.log.audit("denied")) >= refusals+2 })
		for _, r := range a.all() {
			if strings.HasPrefix(r.request, http.MethodPost) {
				t.Errorf("the app was sent %s\n%q", r.request, r.lines)
			}
		}
	})
	t.Run("SignOut", func(t *testing.T) {
		do(t, ctx,
			chromedp.Navigate(embeddedWiki+"/.gatehouse/logout"),
			appears("form button[type=submit]"),
			click("form button[type=submit]"),
			vanishes("form"))
		before := a.count()
		do(t, ctx, chromedp.Navigate("https://intranet.example.org/"))
		signIn := attach(whole, ctx, g, "iframe", embeddedWiki+"/page")
		do(t, signIn, appears(`a[target="_blank"]`))
		if a.count() != before {
			t.Errorf("the frame still gets %v", a.last(t))
		}
	})
}

// framed counts the requests of frames that the app has got from somebody.
func (a *app) framed(user string) (n int) {
	for _, r := range a.all() {
		if slices.Contains(r.values("Sec-Fetch-Dest"), "iframe") && slices.Contains(r.values("Remote-User"), user) {
			n++
		}
	}
	return n
}

// attach waits for a tab, or a frame of another site, whose address begins so. It is closed
// when the test ends, which the browser takes amiss while it still works.
func attach(t *testing.T, ctx context.Context, g *gateway, kind, address string) context.Context {
	t.Helper()
	var id target.ID
	g.eventually(fmt.Sprintf("there is a %s at %s", kind, address), func() (found bool) {
		id, found = find(t, ctx, kind, address)
		return found
	})
	other, cancel := chromedp.NewContext(ctx, chromedp.WithTargetID(id))
	t.Cleanup(cancel)
	other, cancel = context.WithTimeout(other, 4*patience)
	t.Cleanup(cancel)
	return other
}

// find looks for a tab, or a frame of another site, whose address begins so.
func find(t *testing.T, ctx context.Context, kind, address string) (target.ID, bool) {
	t.Helper()
	all := get(t, ctx, func(ctx context.Context, tg *chromedp.Target) (target.GetTargetsResult, error) {
		return cdp.Call(ctx, tg, target.GetTargets, target.GetTargetsParams{})
	})
	i := slices.IndexFunc(all.TargetInfos, func(i *target.Info) bool { return i.Type == kind && strings.HasPrefix(i.URL, address) })
	if i < 0 {
		return "", false
	}
	return all.TargetInfos[i].TargetID, true
}

// mustHoldPartitioned looks at the browser's cookies of ours for the app: one for each
// site in the address bar, and no other.
func mustHoldPartitioned(t *testing.T, ctx context.Context) {
	t.Helper()
	held := get(t, ctx, func(ctx context.Context, target *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{URLs: []string{embeddedWiki + "/"}})
	})
	seen := map[string]int{}
	for _, c := range held.Cookies {
		if c.Name != "__Host-gatehouse" {
			continue
		}
		key := "none"
		if c.PartitionKey != nil {
			key = fmt.Sprintf("%s %t", c.PartitionKey.TopLevelSite, c.PartitionKey.HasCrossSiteAncestor)
		}
		seen[key]++
		if c.SameSite != network.CookieSameSiteNone || !c.Secure || !c.HTTPOnly || key == "none" {
			t.Errorf("a cookie in %s, SameSite %s, Secure %t, HttpOnly %t", key, c.SameSite, c.Secure, c.HTTPOnly)
		}
	}
	for key, n := range seen {
		if n != 1 {
			t.Errorf("%d cookies in %s", n, key)
		}
	}
	if len(seen) == 0 {
		t.Error("no cookie is held")
	}
}
