// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"cmp"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser is one person's browser, as far as servers can see it: it keeps
// cookies, follows redirects, says what it fetches and sends forms. It never sends
// a Referer where a page has forbidden that.
type browser struct {
	t       *testing.T
	jar     http.CookieJar
	client  *http.Client
	secrets *secrets
	// hops is how many redirects it follows.
	hops int
}

// browser opens a browser that has never been here.
func (g *gateway) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return g.browserWith(t, jar)
}

// browserWith opens a browser that keeps its cookies in a jar.
func (g *gateway) browserWith(t *testing.T, jar http.CookieJar) *browser {
	transport := g.transport()
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: t, jar: jar, secrets: &g.secrets, hops: mostHops, client: &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is one answer.
type page struct {
	method string
	url    *url.URL
	status int
	header http.Header
	body   string
	proto  int
}

// location returns where the answer leads to.
func (p *page) location() string {
	to, err := p.url.Parse(p.header.Get("Location"))
	if err != nil || p.header.Get("Location") == "" {
		return ""
	}
	return to.String()
}

// hidden returns the value of a hidden field of the page's form.
func (p *page) hidden(name string) string {
	field := regexp.MustCompile(`<input type="hidden" name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`)
	if found := field.FindStringSubmatch(p.body); found != nil {
		return html.UnescapeString(found[1])
	}
	return ""
}

// walk is a navigation with every redirect on its way.
type walk []*page

// end returns the page on which the browser stays.
func (w walk) end() *page { return w[len(w)-1] }

func (w walk) String() string {
	var s strings.Builder
	for _, p := range w {
		s.WriteString(p.method + " " + p.url.String() + " " + http.StatusText(p.status) + "\n")
	}
	return s.String()
}

// mostHops is more than any sign-in takes at one host.
const mostHops = 12

// request makes a request of a person who navigates.
func (b *browser) request(method, address string, form url.Values) *http.Request {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("User-Agent", "Mozilla/5.0 (test)")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "none")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// do sends a request with the cookies that belong to it and keeps those that come.
func (b *browser) do(r *http.Request) *page {
	b.t.Helper()
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.keep(r.URL, response)
	return &page{
		method: r.Method,
		url:    r.URL,
		status: response.StatusCode,
		header: response.Header,
		body:   string(body),
		proto:  response.ProtoMajor,
	}
}

// keep puts cookies into the jar, and notes what must not be in any log.
func (b *browser) keep(from *url.URL, response *http.Response) {
	cookies := response.Cookies()
	b.jar.SetCookies(from, cookies)
	for _, c := range cookies {
		if ours(c.Name) {
			b.secrets.token("cookie "+c.Name, c.Value)
		}
	}
	if to, err := url.Parse(response.Header.Get("Location")); err == nil {
		b.secrets.token("hand-off code", to.Query().Get("code"))
	}
}

func ours(name string) bool { return name == "__Host-gatehouse" || name == "gatehouse" }

// visit makes one request and follows nothing.
func (b *browser) visit(address string) *page {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, address, nil))
}

// fetch makes the request of a script: no page is to be shown.
func (b *browser) fetch(method, address string) *page {
	b.t.Helper()
	r := b.request(method, address, nil)
	r.Header.Set("Accept", "*/*")
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// open goes to an address and wherever it leads.
func (b *browser) open(address string) walk {
	b.t.Helper()
	return b.follow(b.request(http.MethodGet, address, nil))
}

// send sends a form of a page of the same origin, and follows.
func (b *browser) send(address string, form url.Values) walk {
	b.t.Helper()
	return b.follow(b.post(address, form))
}

// post makes the request of a form that is on a page of the same origin.
func (b *browser) post(address string, form url.Values) *http.Request {
	b.t.Helper()
	r := b.request(http.MethodPost, address, form)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	return r
}

func (b *browser) follow(r *http.Request) walk {
	b.t.Helper()
	var w walk
	for len(w) <= b.hops {
		p := b.do(r)
		w = append(w, p)
		to := p.location()
		if to == "" || p.status < 300 || p.status > 399 {
			return w
		}
		if p.status != http.StatusSeeOther {
			b.t.Fatalf("a redirect that is not 303 but %d:\n%s", p.status, w)
		}
		r = b.request(http.MethodGet, to, nil)
	}
	b.t.Fatalf("more than %d redirects:\n%s", b.hops, w)
	return nil
}

// token returns the cookie of ours that the browser holds for an address.
func (b *browser) token(address string) string {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	found := ""
	for _, c := range b.jar.Cookies(u) {
		if ours(c.Name) {
			found = cmp.Or(found, c.Value)
		}
	}
	return found
}
