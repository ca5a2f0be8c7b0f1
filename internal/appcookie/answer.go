// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"net/http"
	"strings"
	"time"
)

const (
	// maxPair is how long browsers let a cookie's name and value be together, in
	// bytes (RFC 6265bis, section 5.7). They drop a longer one silently.
	maxPair = 4096
	// maxCookies keeps the browser from making room: Chromium holds 180 cookies for
	// a registrable domain and, above that, goes back to 150. No twins are made for
	// an app that comes near; the owner cookie speaks for what has none.
	maxCookies = 150
)

// Answer gives the app's cookies the names that they have in the browser, and
// tells the browser of a person to drop those of others that the request has
// shown. Path is the request's as the browser sent it, escaped and without the
// query. Answer is called once for a request, with the headers of the final answer
// or of a change of protocol; browsers take no cookies from an early hint.
func (j Jar) Answer(h http.Header, path string, now time.Time) {
	lines := h["Set-Cookie"]
	drops := j.foreign && !j.tag.nobody
	owns := j.owner == ownerUnknown && !j.tag.nobody && (j.line != "" || len(lines) > 0)
	if len(lines) == 0 && !drops && !owns {
		return
	}
	a := answer{Jar: j, page: path, twins: maxCookies - 1 - len(lines) - cookies(j.line)}
	if drops {
		// In front, so that nothing the app sets is dropped.
		a.lines = j.drop(path)
	}
	for _, line := range lines {
		a.add(line, now)
	}
	if owns {
		a.write(j.tag.own)
	}
	if len(a.lines) == 0 {
		delete(h, "Set-Cookie")
		return
	}
	h["Set-Cookie"] = a.lines
}

// cookies counts them.
func cookies(line string) int {
	if line == "" {
		return 0
	}
	return strings.Count(line, ";") + 1
}

// answer is the making of the new lines.
type answer struct {
	Jar
	page  string
	lines []string
	// twins is how many of them may still be made.
	twins int
}

func (a *answer) add(line string, now time.Time) {
	c := readSetCookie(line, now)
	if c.plantsOwner() {
		return
	}
	l := c.label(a.tag, a.page)
	if c.httpOnly && len(c.name)+labelLength+len(c.value) <= maxPair {
		a.rename(line, &c, l)
	} else {
		a.pair(line, &c, l)
	}
}

// rename sets the cookie under its labelled name.
func (a *answer) rename(line string, c *setCookie, l label) {
	pair, _, _ := strings.Cut(line, ";")
	value := pair
	if at := strings.IndexByte(pair, '='); at >= 0 {
		value = pair[at+1:]
	}
	a.write(l.on(c.name) + "=" + value + c.attributes)
	// What stands under the plain name is an earlier form of the same cookie, or
	// was planted: with or without HttpOnly, an app means one cookie.
	plain, companion, theirs := a.shows(c.name)
	always := c.removes || !a.sees(c)
	// Nobody's pages leave alone what may be that of a person who comes back.
	if !theirs && (plain || always && !a.tag.nobody) {
		a.write(c.without(c.name))
	}
	if always || companion {
		a.write(c.without(l.twin().on(c.name)))
	}
}

// pair sets the cookie under its own name, and its twin. The twin comes second:
// where the browser makes room, what is older goes first, and a twin without its
// cookie does no harm.
func (a *answer) pair(line string, c *setCookie, l label) {
	a.write(line)
	name := l.twin().on(c.name)
	if c.removes {
		a.write(c.without(name))
		a.write(c.without(l.on(c.name)))
		return
	}
	if !a.sees(c) || a.showsLabelled(c.name, l) {
		a.write(c.without(l.on(c.name)))
	}
	if a.twins <= 0 || len(name)+markLength > maxPair {
		return
	}
	a.twins--
	m := mark(l.tag, c.name, c.value)
	attributes := c.attributes
	if !c.httpOnly {
		attributes += "; HttpOnly"
	}
	a.write(name + "=" + string(m[:]) + attributes)
}

func (a *answer) write(line string) { a.lines = append(a.lines, line) }

// sees reports whether the request would have shown the cookie, if the browser had it.
func (a *answer) sees(c *setCookie) bool {
	path := c.at(a.page)
	return strings.HasPrefix(a.page, path) && isPath(a.page, len(path))
}

// shows reports whether the request has shown a cookie under its plain name, a twin
// of it, and a twin of somebody else's.
func (a *answer) shows(base string) (plain, companion, theirs bool) {
	for rest, more := a.line, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		name, value := readPair(segment)
		plain = plain || name == base && name+value != ""
		if b, l, ok := cut(name); ok && b == base && l.kind&twin != 0 {
			companion = companion || a.tag.has(l)
			theirs = theirs || !a.tag.has(l)
		}
	}
	return plain, companion, theirs
}

// showsLabelled reports whether the request has shown the cookie with this label.
func (a *answer) showsLabelled(base string, l label) bool {
	return strings.Contains(a.line, l.on(base)+"=")
}
