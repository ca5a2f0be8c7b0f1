// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"net/http"
	"strings"
	"time"
)

const (
	secureName = "__Host-gatehouse"
	plainName  = "gatehouse"
	// browserSuffix makes the name of the portal's long-lived cookie, which
	// recognises a browser.
	browserSuffix = "-browser"
	// browserAge is how long a browser is recognised after a sign-in; browsers
	// themselves keep no cookie longer than 400 days (RFC 6265bis, section 5.5).
	browserAge = 400 * 24 * time.Hour
)

// Cookies reads and writes our cookies on one host. No other code does.
//
// On https a cookie has the `__Host-` prefix (RFC 6265bis, section 4.1.3.2): no
// sibling host and no plain-text page can plant one. Plain http is for localhost
// and for operators who accepted the risk; browsers know no such protection there.
type Cookies struct {
	// Secure says that the host is served on https.
	Secure bool
}

// Name returns the name of the cookie that holds this host's token.
func (c Cookies) Name() string {
	if c.Secure {
		return secureName
	}
	return plainName
}

// Presented is what a request says about its session.
type Presented struct {
	// Token is the token or nonce of the request; the zero Token unless OK.
	Token Token
	// OK says that exactly one cookie of our name came, and that it is well formed.
	OK bool
	// Twice says that the request carried several cookies of our name. Which one
	// is ours cannot be known, so none of them counts.
	Twice bool
}

// Take reads this host's cookie and removes every cookie of ours, whatever host
// it is for, from the header: no app ever sees one.
func (c Cookies) Take(h http.Header) Presented {
	var (
		name  = c.Name()
		value string
		count int
		empty bool
	)
	lines := h["Cookie"]
	for i, line := range lines {
		if !strings.Contains(line, plainName) {
			continue
		}
		rest := strings.Builder{}
		kept := 0
		ours := 0
		for part := range strings.SplitSeq(line, ";") {
			n, v, _ := strings.Cut(strings.Trim(part, " \t"), "=")
			n = strings.TrimRight(n, " \t")
			if !Ours(n) {
				kept++
				continue
			}
			ours++
			if n == name {
				value = strings.Trim(v, " \t")
				count++
			}
		}
		switch {
		case ours == 0:
			continue
		case kept == 0:
			lines[i] = ""
			empty = true
			continue
		}
		rest.Grow(len(line))
		for part := range strings.SplitSeq(line, ";") {
			part = strings.Trim(part, " \t")
			n, _, _ := strings.Cut(part, "=")
			if part == "" || Ours(strings.TrimRight(n, " \t")) {
				continue
			}
			if rest.Len() > 0 {
				rest.WriteString("; ")
			}
			rest.WriteString(part)
		}
		lines[i] = rest.String()
	}
	if empty {
		dropEmptyLines(h, lines)
	}
	p := Presented{Twice: count > 1}
	if count == 1 {
		p.Token, p.OK = ParseToken(value)
	}
	return p
}

// dropEmptyLines removes the Cookie lines that held nothing but ours.
func dropEmptyLines(h http.Header, lines []string) {
	kept := lines[:0]
	for _, line := range lines {
		if line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = kept
}

// Ours reports whether a cookie of this name is one of Gatehouse's own, on
// whichever host and scheme.
func Ours(name string) bool {
	base := strings.TrimSuffix(name, browserSuffix)
	return base == secureName || base == plainName
}

// Set hands the token to the browser until the browser is closed or the
// session ends, whichever is first.
func (c Cookies) Set(h http.Header, t Token) { c.write(h, c.Name(), t.Text(), 0) }

// Clear tells the browser to forget the token.
func (c Cookies) Clear(h http.Header) { c.write(h, c.Name(), "", -1) }

// SetBrowser keeps the text by which the portal recognises this browser later.
func (c Cookies) SetBrowser(h http.Header, text string) {
	c.write(h, c.Name()+browserSuffix, text, int(browserAge/time.Second))
}

// Browser returns the text that SetBrowser left, or nothing. Two of one name
// are nothing.
func (c Cookies) Browser(r *http.Request) string {
	cookies := r.CookiesNamed(c.Name() + browserSuffix)
	if len(cookies) != 1 {
		return ""
	}
	return cookies[0].Value
}

// write adds one Set-Cookie line. maxAge is in seconds; 0 means until the
// browser is closed, below 0 removes the cookie.
func (c Cookies) write(h http.Header, name, value string, maxAge int) {
	cookie := http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   c.Secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	h.Add("Set-Cookie", cookie.String())
}
