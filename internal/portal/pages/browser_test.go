// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// require skips the test when the machine lacks what it needs, or fails it when GATEHOUSE_REQUIRE=all says that
// nothing may be lacking.
func require(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("GATEHOUSE_REQUIRE") == "all":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// browser starts a Chromium that ends with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require(t, err)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
	})
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// site serves pages, each by the path without its first slash, and their assets; a post is sent on to next.
func site(t *testing.T, page func(path string) pages.Page, next string) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+portal.AssetBase+"/", pages.ServeAsset)
	mux.HandleFunc("GET "+gate.AssetBase+"/", pages.ServeAsset)
	mux.HandleFunc("GET /favicon.ico", http.NotFound)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if err := pages.Render(w, http.StatusOK, page(r.URL.Path[1:])); err != nil {
			t.Error(err)
		}
	})
	mux.Handle("POST /", http.RedirectHandler(next, http.StatusSeeOther))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// Chromium holds the redirects after a form's submission against form-action: a sign-in would end nowhere. The
// first half shows that the browser does it, so that the parameter is needed; the second that it helps, also
// when the app answers with a redirect of its own.
func TestFormOriginsLetTheLoginArrive(t *testing.T) {
	ctx := browser(t)
	app := landing(t, "127.0.0.1:0")
	t.Run("not named", func(t *testing.T) {
		console := chromedp.Console(ctx)
		signIn(t, ctx, app.URL)
		for message, err := range console {
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(message.Text, "form-action") {
				return
			}
		}
		t.Error("the browser does not mind: the parameter is not needed any more")
	})
	for name, address := range map[string]string{"named": "127.0.0.1:0", "named by IPv6 address": "[::1]:0"} {
		t.Run(name, func(t *testing.T) {
			app := landing(t, address)
			signIn(t, ctx, app.URL, app.URL)
			if err := chromedp.Do(ctx, chromedp.WaitVisible("#landed")); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// landing is an app where a sign-in arrives by one more redirect.
func landing(t *testing.T, address string) *httptest.Server {
	t.Helper()
	app := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			http.Redirect(w, r, "/landed", http.StatusSeeOther)
			return
		}
		io.WriteString(w, "<p id=landed>here</p>")
	}))
	_ = app.Listener.Close()
	var err error
	app.Listener, err = net.Listen("tcp", address)
	require(t, err)
	app.Start()
	t.Cleanup(app.Close)
	return app
}

// signIn fills in the login page of a portal that sends everybody to the app.
func signIn(t *testing.T, ctx context.Context, app string, formOrigins ...string) {
	t.Helper()
	server := site(t, func(string) pages.Page {
		return pages.Login{Site: pages.Site{Portal: "login", AssetBase: "/assets", FormOrigins: formOrigins}}
	}, app+"/callback")
	err := chromedp.Do(ctx,
		chromedp.Navigate(server.URL+"/login"),
		chromedp.SendKeys("#username", "ada"),
		chromedp.SendKeys("#password", "correct horse"),
		chromedp.Click("button[type=submit]"))
	if err != nil {
		t.Fatal(err)
	}
}

// The narrowest phone shows every page without scrolling sideways, whatever the names are (WCAG 1.4.10), and
// every page comes with its style.
func TestNarrowestPhone(t *testing.T) {
	ctx := browser(t)
	all := everyPage()
	server := site(t, func(path string) pages.Page { return all[path] }, "")
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile)); err != nil {
		t.Fatal(err)
	}
	for name := range all {
		if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/"+url.PathEscape(name))); err != nil {
			t.Fatal(err)
		}
		width, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
		if err != nil {
			t.Fatal(err)
		}
		face, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.body).fontFamily`))
		if err != nil {
			t.Fatal(err)
		}
		if width > 320 {
			t.Errorf("%s is %d px wide", name, width)
		}
		if !strings.HasPrefix(face, "system-ui") {
			t.Errorf("%s has no style: its font is %q", name, face)
		}
	}
}
