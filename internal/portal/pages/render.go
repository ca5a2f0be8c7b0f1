// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"time"
)

// Page is one of the structs of this package.
type Page interface {
	// file names the template below html/.
	file() string
	site() Site
}

// waiting is a page that knows when trying again makes sense.
type waiting interface {
	retryAfter() time.Duration
}

// passing is a page whose form is answered by an app, which may redirect wherever it likes.
type passing interface {
	formsAnywhere() bool
}

//go:embed html
var files embed.FS

var templates = parse(
	"account", "apps", "badrequest", "continue", "cookietrouble", "forbidden", "framedoor", "framesignin", "frametab",
	"loggedout", "login", "logoutask", "logoutfailed", "notcontinued", "notfound", "notkept", "opening", "resend",
	"resendgone", "sessions", "setup", "setupgone", "unavailable",
)

// parse gives each page a template set of its own, because all of them define the same blocks of the layout.
func parse(names ...string) map[string]*template.Template {
	layout := template.Must(template.New("layout.html").
		Funcs(template.FuncMap{"wait": newWait}).
		ParseFS(files, "html/layout.html"))
	set := make(map[string]*template.Template, len(names))
	for _, name := range names {
		page := template.Must(layout.Clone())
		set[name] = template.Must(page.ParseFS(files, "html/"+name+".html"))
	}
	return set
}

// Render answers with a page and with the headers that belong to it; a page that knows when trying again makes
// sense is sent with Retry-After (RFC 9110, section 10.2.3). Nothing is sent before the whole page is made: if
// that fails, the answer is a plain 500 and the error is for the log. An error of writing to the client is
// returned as well.
func Render(w http.ResponseWriter, status int, page Page) error {
	var body bytes.Buffer
	if err := templates[page.file()].Execute(&body, page); err != nil {
		Plain(w, http.StatusInternalServerError, "")
		return fmt.Errorf("making page %q: %w", page.file(), err)
	}
	policy := Policy(page.site().FormOrigins...)
	if p, ok := page.(passing); ok && p.formsAnywhere() {
		policy = policyForAnyForm
	}
	setHeaders(w.Header(), policy)
	if origins := page.site().FrameOrigins; len(origins) > 0 {
		allowFrames(w.Header(), origins)
	}
	if p, ok := page.(waiting); ok && p.retryAfter() > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(wholeSeconds(p.retryAfter()), 10))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		return fmt.Errorf("sending page %q: %w", page.file(), err)
	}
	return nil
}

// allowFrames lets pages of these origins show the answer in a frame.
func allowFrames(h http.Header, origins []string) {
	h.Set("Content-Security-Policy", framedPolicy(origins))
	h.Del("X-Frame-Options") // which knows one origin at most, and only in old browsers
}

// setHeaders sets what every answer made here has in common. There is no Vary, because no-store keeps every
// cache away.
func setHeaders(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
	h.Set("Cache-Control", "no-store")
	// Not no-referrer: it turns the Origin of our own forms into "null" (Fetch, section 3.2), which the check
	// against cross-origin posts would refuse wherever a browser sends no Sec-Fetch-Site. And no path, because the
	// address of the set-up page holds a secret that would stand in our own access log as the Referer of its style.
	h.Set("Referrer-Policy", "strict-origin")
}
