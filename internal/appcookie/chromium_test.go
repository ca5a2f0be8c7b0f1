// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium is a real browser that finds every host at one server.
type chromium struct {
	t   *testing.T
	ctx context.Context
}

func newChromium(t *testing.T, server *httptest.Server) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require(t, err)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.IgnoreCertErrors, chromedp.Flag("host-resolver-rules", "MAP * "+server.Listener.Addr().String()),
		chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until it has ended
		cancel()
	})
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return &chromium{t, ctx}
}

func (c *chromium) open(address string) {
	c.t.Helper()
	if err := chromedp.Do(c.ctx, chromedp.Navigate(address)); err != nil {
		c.t.Fatal(address, err)
	}
}

// run evaluates a script in the page; it may be a promise of a text.
func (c *chromium) run(script string) string {
	c.t.Helper()
	text, err := chromedp.Run(c.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		c.t.Fatal(script, err)
	}
	return text
}

// seen returns the cookies that the app sees at a path, sorted.
func (c *chromium) seen(path string) string {
	c.t.Helper()
	return sorted(c.run(fmt.Sprintf("fetch(%q).then(r => r.text())", path)))
}

// socket returns the cookies that the app sees in the handshake of a WebSocket.
func (c *chromium) socket(path string) string {
	c.t.Helper()
	return sorted(c.run(fmt.Sprintf(`new Promise((done, fail) => {
		const s = new WebSocket("wss://" + location.host + %q)
		s.onmessage = e => { done(e.data); s.close() }
		s.onerror = () => fail("no socket")
	})`, path)))
}

// held returns the names of the cookies that the browser has for the address.
func (c *chromium) held(address string) []string {
	c.t.Helper()
	held, err := chromedp.Run(c.ctx, func(ctx context.Context, target *chromedp.Target) (network.GetCookiesResult, error) {
		return cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	var names []string
	for _, cookie := range held.Cookies {
		names = append(names, cookie.Name)
	}
	return names
}

func sorted(cookies string) string {
	pairs := strings.Split(cookies, "; ")
	slices.Sort(pairs)
	return strings.Join(pairs, "; ")
}

// cookieApp sets what a request's query asks for and answers which cookies it has
// seen: as text, or to a WebSocket in its first message.
func cookieApp(w http.ResponseWriter, r *http.Request) {
	for _, line := range r.URL.Query()["set"] {
		w.Header().Add("Set-Cookie", line)
	}
	seen := r.Header.Get("Cookie")
	if r.Header.Get("Upgrade") != "websocket" {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, seen)
		return
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	w.Header().Set("Upgrade", "websocket")
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	writeText(buffered.Writer, seen)
	_, _ = buffered.ReadByte() // until the browser closes
}

// setting returns the query that makes cookieApp set cookies.
func setting(lines ...string) string { return "?" + url.Values{"set": lines}.Encode() }

// writeText sends one text of up to 65,535 bytes (RFC 6455, section 5.2).
func writeText(w *bufio.Writer, text string) {
	head := []byte{0x81, byte(len(text))}
	if len(text) > 125 {
		head = []byte{0x81, 126, byte(len(text) >> 8), byte(len(text))}
	}
	_, _ = w.Write(head)
	_, _ = w.WriteString(text)
	_ = w.Flush()
}

// TestChromiumTwoPeople: in a real browser two people find each their own, with
// prefixes, deep paths, cookies for scripts and a WebSocket, and no script sees a tag.
func TestChromiumTwoPeople(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(cookieApp))
	t.Cleanup(app.Close)
	p := newProxy(t, app.URL)
	server := httptest.NewTLSServer(p)
	t.Cleanup(server.Close)
	c := newChromium(t, server)

	sets := setting("SID=1; HttpOnly", "__Host-SID=2; Secure; Path=/; HttpOnly; SameSite=Strict", "deep=3; Path=/deep/er; HttpOnly",
		"csrftoken=4; Path=/", "deeptoken=5; Path=/deep; Secure", "=nameless; HttpOnly",
		"partitioned=6; Secure; SameSite=None; Partitioned; Path=/; HttpOnly")
	const above = "SID=1; __Host-SID=2; csrftoken=4; nameless; partitioned=6"
	const below = "SID=1; __Host-SID=2; csrftoken=4; deep=3; deeptoken=5; nameless; partitioned=6"

	p.signIn("ada", ada)
	c.open(origin + landing + "?to=/page")
	c.open(origin + "/page" + sets)
	want(t, "ada above", c.seen("/page"), above)
	want(t, "ada below", c.seen("/deep/er/page"), below)
	want(t, "ada's socket", c.socket("/deep/er/socket"), below)
	want(t, "ada's scripts", c.run("document.cookie"), "csrftoken=4")
	c.run("document.cookie = 'script=7; path=/'")
	want(t, "ada's script's cookie", c.seen("/page"), "SID=1; __Host-SID=2; csrftoken=4; nameless; partitioned=6; script=7")
	c.run("localStorage.setItem('draft', 'of ada'), caches.open('ada').then(() => 'ok')")
	want(t, "ada's storage", c.run("localStorage.getItem('draft')"), "of ada")

	p.signIn("", nobody)
	want(t, "nobody", c.seen("/deep/er/page"), "")
	want(t, "nobody's socket", c.socket("/deep/er/socket"), "")
	p.signIn("ada", ada)
	c.open(origin + landing + "?to=/page")
	want(t, "ada after an idle end", c.seen("/deep/er/page"), "SID=1; __Host-SID=2; csrftoken=4; deep=3; deeptoken=5; nameless; partitioned=6; script=7")
	want(t, "ada's storage", c.run("localStorage.getItem('draft')"), "of ada")

	p.signIn("bob", bob)
	want(t, "bob before his landing", c.seen("/deep/er/page"), "")
	c.open(origin + landing + "?to=/page")
	want(t, "bob's storage", c.run("String(localStorage.getItem('draft'))"), "null")
	want(t, "bob's caches", c.run("caches.keys().then(String)"), "")
	want(t, "bob's scripts", c.run("document.cookie"), "")
	want(t, "bob", c.seen("/deep/er/page"), "")
	want(t, "left in the browser", strings.Join(c.held(origin+"/deep/er/page"), " "), "__Host-~owner")
	c.open(origin + "/page" + setting("SID=bob; HttpOnly"))
	want(t, "bob's own", c.seen("/page"), "SID=bob")

	c.open(origin + "/deep/page" + setting("SID=; Max-Age=0; Path=/"))
	want(t, "bob, after the app's deletion without HttpOnly", c.seen("/page"), "")
}

// TestChromiumHundredCookies: an app with a hundred cookies loses none, as long as
// the browser would keep them without the gate.
func TestChromiumHundredCookies(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(cookieApp))
	t.Cleanup(app.Close)
	p := newProxy(t, app.URL)
	server := httptest.NewTLSServer(p)
	t.Cleanup(server.Close)
	c := newChromium(t, server)
	for _, flag := range []string{";HttpOnly", ""} {
		t.Run("flag "+flag, func(t *testing.T) {
			c.t = t
			bond := tagger.Person("ada", flag, origin)
			p.signIn("ada", bond)
			c.open(origin + landing + "?to=/")
			var lines, all []string
			for i := range 100 {
				lines = append(lines, fmt.Sprintf("c%02d=%d%s", i, i, flag))
				all = append(all, fmt.Sprintf("c%02d=%d", i, i))
			}
			c.open(origin + "/" + setting(lines...))
			want(t, "ada", c.seen("/"), strings.Join(all, "; "))
			p.signIn("bob", bob)
			want(t, "bob", c.seen("/"), "")
		})
	}
}

// TestChromiumClearSiteData holds what docs/app-cookies.md says about this header:
// "cookies" reaches over to all hosts of the registrable domain, so it is never
// sent; "storage" and "cache" stay within the origin.
func TestChromiumClearSiteData(t *testing.T) {
	for _, test := range []struct {
		what string
		// What the origin itself, its sibling and a stranger keep.
		cookies, storage string
	}{
		{`"cookies"`, "false false true", "true true true"},
		{`"storage"`, "true true true", "false true true"},
		{`"cache"`, "true true true", "true true true"},
		{`"cache", "storage"`, "true true true", "false true true"},
	} {
		t.Run(test.what, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(clearing))
			t.Cleanup(server.Close)
			c := newChromium(t, server)
			origins := []string{origin, "https://login.example.com", "https://app.example.org"}
			c.across(origins, `document.cookie = "__Host-c=1; Secure; Path=/; Max-Age=1000"; localStorage.setItem("s", "1"); ""`)
			c.open(origin + "/clear?" + url.Values{"what": {test.what}}.Encode())
			want(t, "cookies kept", c.across(origins, `String(document.cookie.includes("__Host-c"))`), test.cookies)
			want(t, "storage kept", c.across(origins, `String(localStorage.getItem("s") === "1")`), test.storage)
		})
	}
}

// The cache is asked on localhost, since Chromium caches nothing of a server whose
// certificate is not in order.
func TestChromiumClearsTheCacheOfOneOrigin(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(clearing))
	t.Cleanup(server.Close)
	c := newChromium(t, server)
	origins := []string{"http://app.localhost", "http://login.localhost"}
	const cached = `fetch("/cached").then(r => r.text())`
	before := strings.Fields(c.across(origins, cached))
	if again := strings.Fields(c.across(origins, cached)); !slices.Equal(before, again) {
		t.Fatalf("nothing is cached: %q, %q", before, again)
	}
	began := time.Now()
	c.open(origins[0] + "/clear?what=%22cache%22")
	t.Logf("the redirect took %s", time.Since(began))
	after := strings.Fields(c.across(origins, cached))
	if after[0] == before[0] || after[1] != before[1] {
		t.Errorf("got %q after %q", after, before)
	}
}

// clearing sends the Clear-Site-Data that it is asked for, on a redirect as a landing does.
func clearing(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/clear":
		w.Header().Set("Clear-Site-Data", r.URL.Query().Get("what"))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case "/cached":
		w.Header().Set("Cache-Control", "max-age=3600")
		fmt.Fprint(w, time.Now().UnixNano())
	default:
		w.Header().Set("Content-Type", "text/html")
	}
}

// across runs the script on each origin and returns what it says there.
func (c *chromium) across(origins []string, script string) string {
	c.t.Helper()
	var said []string
	for _, o := range origins {
		c.open(o + "/")
		said = append(said, c.run(script))
	}
	return strings.Join(said, " ")
}
