// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// formApp is an app with a form, which goes to a relative address and is answered by a
// relative redirect, and with a cookie of its own.
type formApp struct {
	mu    sync.Mutex
	saved []savedForm
}

type savedForm struct {
	target, body, contentType, origin, referer, user, cookie string
}

func (a *formApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h := r.Header
		a.mu.Lock()
		defer a.mu.Unlock()
		a.saved = append(a.saved, savedForm{
			r.RequestURI, string(body), h.Get("Content-Type"), h.Get("Origin"), h.Get("Referer"), h.Get("Remote-User"), h.Get("Cookie"),
		})
		http.Redirect(w, r, "saved", http.StatusSeeOther)
	case strings.HasSuffix(r.URL.Path, "/saved"):
		io.WriteString(w, `<p id="saved">saved</p>`)
	default:
		http.SetCookie(w, &http.Cookie{Name: "app", Value: "of-" + r.Header.Get("Remote-User"), Path: "/", HttpOnly: true})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, `<!doctype html><form method="post" action="save?id=3&amp;do=it%27s">
<input id="title" name="title"><input id="secret" name="secret" type="password"><button id="send">Send</button></form>
<form method="post" action="save" enctype="multipart/form-data"><textarea id="long" name="long" hidden></textarea><button id="send-long">Send</button></form>`)
	}
}

func (a *formApp) all() []savedForm {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]savedForm(nil), a.saved...)
}

// TestFormSurvives in a real browser: two tabs with forms, a session that ends by time,
// one sign-in, and the app gets each form once, though the second button is clicked
// twice.
func TestFormSurvives(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a session of a minute to end")
	}
	path, err := exec.LookPath("chromium")
	require(t, err)
	t.Parallel()
	a := new(formApp)
	upstream := httptest.NewServer(a)
	t.Cleanup(upstream.Close)
	l := twoApps.with("WIKI", upstream.Listener.Addr().String(), "TICKETS", upstream.Listener.Addr().String())
	l.options = "session {\nidle 1m\n}"
	g := start(t, l)
	p := g.person(t, "ada", "staff")
	g.secrets.add("what was typed", "swordfish")
	one := chromium(t, g, path)
	const page = wiki + "/deep/edit?id=3"
	do(t, one,
		chromedp.Navigate(page),
		signsIn(p),
		appears("#title"))
	two, cancel := chromedp.NewContext(one)
	t.Cleanup(cancel)
	do(t, two, chromedp.Navigate(page), appears("#title"))
	three, cancel := chromedp.NewContext(one)
	t.Cleanup(cancel)
	do(t, three, chromedp.Navigate(page), appears("#send-long"))
	awaitEnd(t, g, one)

	mustSayTooLarge(t, g, three)
	for tab, title := range map[context.Context]string{one: "first", two: "second"} {
		do(t, tab,
			types("#title", title),
			types("#secret", "swordfish"),
			click("#send"),
			appears("#username"))
	}
	if n := len(a.all()); n != 0 {
		t.Fatalf("the app has got %d forms of nobody", n)
	}
	do(t, one,
		signsIn(p),
		appears("main .fields"))
	if text := shows(t, one, "main"); !strings.Contains(text, "wiki.example.org/deep/save") ||
		!strings.Contains(text, "secret") || strings.Contains(text, "swordfish") {
		t.Errorf("the page says:\n%s", text)
	}
	do(t, one, click("form button[type=submit]"), appears("#saved"))
	if at := get(t, one, chromedp.Location()); at != wiki+"/deep/saved" {
		t.Errorf("landed on %s", at)
	}
	do(t, two, chromedp.Reload(), appears("main .fields"), clicks("form button[type=submit]", 2))
	g.eventually("the app has got two forms", func() bool { return len(a.all()) >= 2 })
	// The second click has made the browser leave for another page, which may not have
	// come yet; to lead the tab elsewhere meanwhile fails. What the double click has
	// sent has arrived before a page that is asked for afterwards, in a tab of its own.
	do(t, two, vanishes("main .fields"))
	four, cancel := chromedp.NewContext(one)
	t.Cleanup(cancel)
	do(t, four, chromedp.Navigate(page), appears("#title"))

	all := a.all()
	if len(all) != 2 {
		t.Fatalf("the app has got %d forms:\n%v", len(all), all)
	}
	for i, title := range []string{"first", "second"} {
		want := savedForm{
			"/deep/save?id=3&do=it%27s", "title=" + title + "&secret=swordfish", "application/x-www-form-urlencoded",
			wiki, page, p.name, "app=of-ada",
		}
		if all[i] != want {
			t.Errorf("the app has got\n%+v, want\n%+v", all[i], want)
		}
	}
}

// mustSayTooLarge sends two megabytes: what it costs is this page, and one page back
// everything is still there.
func mustSayTooLarge(t *testing.T, g *gateway, tab context.Context) {
	t.Helper()
	const fill = `(document.querySelector("#long").value = "x".repeat(2 << 20)).length`
	get(t, tab, chromedp.Evaluate[int](fill))
	do(t, tab, click("#send-long"), appears("main .problem"))
	if text := shows(t, tab, "main"); !strings.Contains(text, "has not been sent") || !strings.Contains(text, "too large") {
		t.Errorf("the page says:\n%s", text)
	}
	// Not NavigateBack, which waits for a page to load that may never have gone.
	get(t, tab, chromedp.Evaluate[int](`history.back(), 0`))
	g.eventually("everything is still there one page back", func() bool {
		n, err := chromedp.Run(tab, chromedp.Evaluate[int](`document.querySelector("#long")?.value.length ?? 0`))
		return err == nil && n == 2<<20
	})
}

// awaitEnd waits until the session of the browser at the wiki is over by time.
func awaitEnd(t *testing.T, g *gateway, tab context.Context) {
	t.Helper()
	held := get(t, tab, func(ctx context.Context, target *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{URLs: []string{wiki + "/"}})
	})
	b := g.browser(t)
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		r := b.request(http.MethodGet, wiki+"/.gatehouse/whoami", nil) // which is no use of the session
		for _, c := range held.Cookies {
			if ours(c.Name) {
				r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
			}
		}
		if b.do(r).status == http.StatusUnauthorized {
			return
		}
	}
	t.Fatal("the session does not end")
}
