// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
)

// gate looks at whether requests for an app's address come to its gate, and whether
// the gate's cookie comes back from there.
func (e *examination) gate(ctx context.Context, app App, at Place) []Finding {
	const check = "gate"
	subject := app.Name + " at " + at.URL
	answer, err := e.world.Get(ctx, Question{URL: at.URL + handoff.Reserved + "whoami"})
	switch {
	case err != nil:
		return []Finding{fail(check, subject, fmt.Sprintf("cannot be reached from this machine: %v", err), notReached)}
	case answer.Status == http.StatusServiceUnavailable:
		return []Finding{fail(check, subject, "answers that it is not well", "see the lines store and keys, and Caddy's log")}
	case answer.Status != http.StatusUnauthorized || !strings.HasPrefix(answer.Header.Get("Www-Authenticate"), "Gatehouse "):
		return []Finding{fail(check, subject, fmt.Sprintf("%swhoami is answered %d, and not by a gate%s", handoff.Reserved, answer.Status, by(answer)), wrongWay)}
	case answer.Header.Get("Www-Authenticate") != fmt.Sprintf("Gatehouse realm=%q", e.facts.Portal):
		return []Finding{fail(check, subject, "the gate of another gateway answers", wrongWay)}
	}
	return []Finding{ok(check, subject, "answers, and lets nobody unknown through"), e.cookies(ctx, at)}
}

// cookies walks the first step of a sign-in, which sets a cookie and looks whether it
// has come back. The gateway keeps nothing of it.
func (e *examination) cookies(ctx context.Context, at Place) Finding {
	const check = "cookies"
	base, err := url.Parse(at.URL)
	if err != nil {
		return fail(check, at.URL, err.Error(), "correct the option url")
	}
	begin := handoff.Begin(handoff.Target{Base: base}, at.URL+"/")
	answer, err := e.world.Get(ctx, Question{URL: begin, Header: browsing()})
	if err != nil {
		return fail(check, at.URL, fmt.Sprintf("the first step of a sign-in is not answered: %v", err), notReached)
	}
	cookie := ours(answer)
	again, err := base.Parse(answer.Header.Get("Location"))
	switch {
	case cookie == nil || err != nil || answer.Status != http.StatusSeeOther:
		return fail(check, at.URL, fmt.Sprintf("no cookie comes with the first step of a sign-in, which is answered %d%s", answer.Status, by(answer)),
			"see that whatever stands in front passes Set-Cookie on")
	case again.Host != base.Host || again.Scheme != base.Scheme:
		return fail(check, at.URL, "the first step of a sign-in leads to "+again.Scheme+"://"+again.Host, wrongWay)
	}
	if why := unkept(cookie, base.Scheme == "https"); why != "" {
		return fail(check, at.URL, "browsers will not keep the cookie: "+why, "see that whatever stands in front leaves Set-Cookie as it is")
	}
	header := browsing()
	header.Set("Cookie", cookie.Name+"="+cookie.Value)
	if answer, err = e.world.Get(ctx, Question{URL: again.String(), Header: header}); err != nil {
		return fail(check, at.URL, fmt.Sprintf("the second step of a sign-in is not answered: %v", err), notReached)
	}
	if !strings.HasPrefix(answer.Header.Get("Location"), e.facts.Portal+handoff.CodePath+"?") {
		return fail(check, at.URL, "the cookie does not come back to the gate, and nobody can sign in", "see that whatever stands in front passes Cookie on, and asks the same gateway each time")
	}
	return ok(check, at.URL, "are set and come back")
}

// ours returns the cookie of a gate that an answer sets.
func ours(a *Answer) *http.Cookie {
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.HasSuffix(cookie.Name, "gatehouse") {
			return cookie
		}
	}
	return nil
}

// unkept returns why a browser would not keep our cookie (RFC 6265bis, section 5.7).
func unkept(c *http.Cookie, https bool) string {
	switch {
	case c.Secure && !https:
		return "it is for https, and the address is http"
	case https && !c.Secure:
		return "it has lost the word Secure"
	case strings.HasPrefix(c.Name, "__Host-") && (c.Path != "/" || c.Domain != ""):
		return "a __Host- cookie has Path=/ and no Domain"
	case c.SameSite == http.SameSiteStrictMode:
		return "SameSite=Strict does not survive the way to the portal and back"
	}
	return ""
}
