// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"strings"
	"time"
)

// Room is what the cookies of a host may take of a request.
type Room struct {
	// Bytes is how many they may have together.
	Bytes int
	// Fields says that each cookie counts as a header field of its own, as it does where
	// browsers send it as one: in HTTP/2 and 3.
	Fields bool
}

// aroundField is what a field counts besides the name and the value of its cookie
// (RFC 9113, sections 8.2.3 and 6.5.2).
const aroundField = 32 + len("cookie") + len("=")

// pairSize is what a cookie takes of a request.
func (r Room) pairSize(name, value string) int { return len(name) + len(value) + r.around() }

func (r Room) around() int {
	if r.Fields {
		return aroundField
	}
	return len("=; ")
}

// Fit returns those of an answer's Set-Cookie lines for which there is room in the
// browser, beside the cookies that the request has shown, and how many it has left out.
// Browsers send back whatever they are given, and a server refuses a head that is too
// long before anybody can help: people could not even sign out. How many cookies a browser
// keeps is its own affair, as it is without a gate. A line that removes a cookie, or
// makes one shorter, always fits, and so does what tells whose the host is.
func Fit(lines []string, shown string, room Room, now time.Time) (kept []string, left int) {
	if room.holds(lines, shown) {
		return lines, 0
	}
	full := load{sizes: map[string]int{}}
	for segment := range strings.SplitSeq(shown, ";") {
		if name, value := readPair(segment); name+value != "" {
			full.put(name, room.pairSize(name, value))
		}
	}
	for _, line := range lines {
		c := readSetCookie(line, now)
		size := room.pairSize(c.name, c.value)
		if c.removes {
			size = 0
		}
		if !full.takes(c.name, size, room.Bytes) && !isOwner(c.name) {
			left++
			continue
		}
		full.put(c.name, size)
		kept = append(kept, line)
	}
	return kept, left
}

// holds reports, without a close look, whether all lines fit.
func (r Room) holds(lines []string, shown string) bool {
	bytes := len(shown) + (cookies(shown)+len(lines))*r.around()
	for _, line := range lines {
		bytes += len(line)
	}
	return bytes <= r.Bytes
}

// load is what a browser holds of one host.
type load struct {
	sizes map[string]int // by name
	bytes int
}

func (l *load) takes(name string, size, room int) bool {
	old := l.sizes[name]
	return size <= old || l.bytes-old+size <= room
}

func (l *load) put(name string, size int) {
	l.bytes += size - l.sizes[name]
	if l.sizes[name] = size; size == 0 {
		delete(l.sizes, name)
	}
}
