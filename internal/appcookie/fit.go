// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"strings"
	"time"
)

// Fit returns those of an answer's Set-Cookie lines for which there is room in the
// browser, beside the cookies that the request has shown, and how many it has left out.
// Browsers send back whatever they are given, and a server refuses a head that is too
// long before anybody can help: people could not even sign out. So the cookies
// of a host have the given number of bytes together, and are no more than the browser
// keeps without throwing away those of other hosts. A line that removes a cookie, or
// makes one shorter, always fits, and so does what tells whose the host is.
func Fit(lines []string, shown string, room int, now time.Time) (kept []string, left int) {
	if fitsAnyway(lines, shown, room) {
		return lines, 0
	}
	full := load{sizes: map[string]int{}}
	for segment := range strings.SplitSeq(shown, ";") {
		if name, value := readPair(segment); name+value != "" {
			full.put(name, pairSize(name, value))
		}
	}
	for _, line := range lines {
		c := readSetCookie(line, now)
		size := pairSize(c.name, c.value)
		if c.removes {
			size = 0
		}
		if !full.takes(c.name, size, room) && !isOwner(c.name) {
			left++
			continue
		}
		full.put(c.name, size)
		kept = append(kept, line)
	}
	return kept, left
}

// fitsAnyway reports, without a close look, whether all lines fit.
func fitsAnyway(lines []string, shown string, room int) bool {
	bytes, many := len(shown), cookies(shown)+len(lines)
	for _, line := range lines {
		bytes += len(line)
	}
	return bytes+many*aroundPair <= room && many <= maxCookies
}

// aroundPair is what a cookie takes of a request besides its name and value. In HTTP/2
// and 3 browsers send each cookie as a field of its own (RFC 9113, section 8.2.3), which
// counts as 32 bytes and the name of the field (section 6.5.2).
const aroundPair = 32 + len("cookie") + len("=")

// pairSize is what a cookie takes of a request.
func pairSize(name, value string) int { return len(name) + len(value) + aroundPair }

// load is what a browser holds of one host.
type load struct {
	sizes map[string]int // by name
	bytes int
}

func (l *load) takes(name string, size, room int) bool {
	old, held := l.sizes[name]
	return size <= old || l.bytes-old+size <= room && (held || len(l.sizes) < maxCookies)
}

func (l *load) put(name string, size int) {
	l.bytes += size - l.sizes[name]
	if l.sizes[name] = size; size == 0 {
		delete(l.sizes, name)
	}
}
