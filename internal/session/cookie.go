// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"net/http"
	"slices"
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
	// Embedded says that pages of other sites may show the host in a frame. Its token is
	// then sent from there too, and kept apart for each site in the address bar (CHIPS,
	// draft-cutler-httpbis-partitioned-cookies). It needs Secure.
	Embedded bool
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
	// Came says that there was one, well formed or not.
	Came bool
	// Twice says that the request carried several cookies of our name. Which one
	// is ours cannot be known, so none of them counts.
	Twice bool
}

// Take reads this host's cookie and removes every cookie of ours, whatever host
// it is for, from the header: no app ever sees one. Other cookies keep their
// bytes and their order.
func (c Cookies) Take(h http.Header) Presented {
	t := taking{name: c.Name()}
	lines := h["Cookie"]
	for i, line := range lines {
		if strings.Contains(line, plainName) {
			lines[i] = t.strip(line)
		}
	}
	switch left := slices.DeleteFunc(lines, func(line string) bool { return line == "" }); len(left) {
	case 0:
		delete(h, "Cookie")
	case len(lines):
	default:
		h["Cookie"] = left
	}
	p := Presented{Came: t.count > 0, Twice: t.count > 1}
	if t.count == 1 {
		p.Token, p.OK = ParseToken(t.value)
	}
	return p
}

// taking gathers the cookies of one name.
type taking struct {
	name  string
	value string
	count int
}

// strip returns the line without our cookies. It allocates only when ours stand
// between others.
func (t *taking) strip(line string) string {
	var left remains
	start := 0
	for at := 0; at < len(line); {
		pair, _, _ := strings.Cut(line[at:], ";")
		next := min(at+len(pair)+1, len(line))
		if t.take(pair) {
			left.add(line[start:at], len(line))
			start = next
		}
		at = next
	}
	if start == 0 {
		return line
	}
	left.add(line[start:], len(line))
	return left.text()
}

// take reports whether the cookie is one of ours, and notes it when it is the
// one that counts on this host.
func (t *taking) take(pair string) bool {
	name, value, _ := strings.Cut(pair, "=")
	name = strings.Trim(name, blanks)
	if name == t.name {
		t.count++
		t.value = strings.Trim(value, blanks)
	}
	return Ours(name)
}

// blanks may stand around a cookie and around its equals sign.
const blanks = " \t"

// remains joins what is left of a line. A line is as long as its sender likes, so
// it is copied once and not once for each cookie of ours.
type remains struct {
	first string
	all   strings.Builder
}

// add appends cookies that stand together in a line of the given length.
func (r *remains) add(run string, length int) {
	run = strings.Trim(run, ";"+blanks)
	switch {
	case run == "":
		return
	case r.first == "":
		r.first = run
		return
	case r.all.Len() == 0:
		r.all.Grow(length)
		r.all.WriteString(r.first)
	}
	r.all.WriteString("; ")
	r.all.WriteString(run)
}

func (r *remains) text() string {
	if r.all.Len() == 0 {
		return r.first
	}
	return r.all.String()
}

// Ours reports whether a cookie of this name is one of Gatehouse's own, on
// whichever host and scheme.
func Ours(name string) bool {
	base := strings.TrimSuffix(name, browserSuffix)
	return base == secureName || base == plainName
}

// Set hands the token to the browser until the browser is closed or the
// session ends, whichever is first.
func (c Cookies) Set(h http.Header, t Token) { c.SetFor(h, t, 0) }

// SetFor is Set for a browser that is to keep the token for this long, also when
// it is closed meanwhile. Zero is Set.
func (c Cookies) SetFor(h http.Header, t Token, keep time.Duration) {
	if c.Embedded {
		// One from before the host was embedded would be sent beside it, and of two
		// none counts. Browsers that know no partitions take it for the same cookie.
		c.write(h, c.cookie(c.Name(), "", -1))
		c.write(h, partitioned(c.cookie(c.Name(), t.Text(), int(keep/time.Second))))
		return
	}
	c.write(h, c.cookie(c.Name(), t.Text(), int(keep/time.Second)))
}

// Clear tells the browser to forget the token.
func (c Cookies) Clear(h http.Header) {
	c.write(h, c.cookie(c.Name(), "", -1))
	if c.Embedded {
		c.write(h, partitioned(c.cookie(c.Name(), "", -1)))
	}
}

// ClearTwice is Clear for a browser that sends two tokens. It may be left with both when
// a host has been embedded and is no more.
func (c Cookies) ClearTwice(h http.Header) {
	c.Embedded = c.Secure
	c.Clear(h)
}

// SetBrowser keeps the text by which the portal recognises this browser later.
func (c Cookies) SetBrowser(h http.Header, text string) {
	c.write(h, c.cookie(c.Name()+browserSuffix, text, int(browserAge/time.Second)))
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

// cookie returns one of our cookies. maxAge is in seconds; 0 means until the
// browser is closed, below 0 removes the cookie.
func (c Cookies) cookie(name, value string, maxAge int) http.Cookie {
	return http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   c.Secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}

// partitioned makes a cookie one that is sent from frames.
func partitioned(c http.Cookie) http.Cookie {
	c.SameSite, c.Secure, c.Partitioned = http.SameSiteNoneMode, true, true
	return c
}

// write adds one Set-Cookie line.
func (c Cookies) write(h http.Header, cookie http.Cookie) { h.Add("Set-Cookie", cookie.String()) }
