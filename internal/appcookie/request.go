// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"net/http"
	"slices"
	"sort"
	"strings"
)

// Jar is what one request has shown of the browser's cookies. Its Answer belongs
// to the answer of the same request.
type Jar struct {
	tag *Tag
	// line is what the browser sent, all lines in one.
	line string
	// foreign says that some of it is somebody else's, owner whose the host is.
	foreign bool
	owner   owner
}

// Shown returns the cookies of the request as the browser has sent them, in one line.
func (j *Jar) Shown() string { return j.line }

// Take leaves in the header what belongs to the tag, under the names that the
// app has given. It is called once for a request, before the app sees it.
//
// A cookie that keeps its name in the browser, because scripts read it or the app
// has never set it, passes when its twin says that it is the tag's, or when
// nobody's cookie has this name and the host's scripts work for the tag. Cookies
// that pass keep their order and all of their bytes.
func (t *Tag) Take(h http.Header) Jar {
	lines := h["Cookie"]
	if len(lines) == 0 {
		return Jar{tag: t}
	}
	j := Jar{tag: t, line: joined(lines)}
	if strings.IndexByte(j.line, separator) < 0 {
		return j
	}
	var space [stackEntries]entry
	entries, host := t.read(j.line, space[:0])
	s := sorting{tag: t, entries: entries, owner: host, comparisons: maxComparisons}
	if len(s.entries) == 0 && s.owner == ownerUnknown {
		return j
	}
	left := s.filter(j.line)
	j.foreign, j.owner = s.foreign || s.owner == ownedByOthers, s.owner
	if left == "" {
		delete(h, "Cookie")
		return j
	}
	lines[0] = left
	if len(lines) > 1 {
		h["Cookie"] = lines[:1:1]
	}
	return j
}

// joined makes one line of those that HTTP/2 and 3 may have split between any two
// cookies (RFC 9113, section 8.2.3).
func joined(lines []string) string {
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, "; ")
}

// stackEntries is how many labelled cookies are looked at without a piece of memory
// for them.
const stackEntries = 8

// What bounds the work on a header that somebody has made up.
const (
	// maxNamesakes is how many labelled cookies of one name are told apart. A name
	// that has more does not pass.
	maxNamesakes = 32
	// maxComparisons is how many twins of a header are compared. Without any left,
	// a cookie that would need one does not pass.
	maxComparisons = 2048
)

// sorting decides about the cookies of one line.
type sorting struct {
	tag *Tag
	// entries are the labelled cookies, by name.
	entries     []entry
	owner       owner
	foreign     bool
	comparisons int
}

// newSorting returns the sorting of a line.
func newSorting(t *Tag, line string) *sorting {
	entries, host := t.read(line, nil)
	return &sorting{tag: t, entries: entries, owner: host, comparisons: maxComparisons}
}

// entry is one cookie, labelled mostly.
type entry struct {
	// base is the name without the label.
	base, value string
	label       label
	mine        bool
}

func (e *entry) isTwin() bool { return e.label.kind&twin != 0 }

// fits reports whether the twin was made for this value.
func (e *entry) fits(name, value string) bool {
	m := mark(e.label.tag, name, value)
	return string(m[:]) == e.value
}

// read adds the labelled cookies of a line, and returns them with what the line
// says about the owner. It is no method of sorting, which would take the memory
// of the entries off the stack.
func (t *Tag) read(line string, entries []entry) ([]entry, owner) {
	host := ownerUnknown
	for rest, more := line, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		if strings.IndexByte(segment, separator) < 0 {
			continue
		}
		name, value := readPair(segment)
		if isOwner(name) {
			host = max(host, t.ownership(value))
		} else if base, l, ok := cut(name); ok {
			entries = append(entries, entry{base, value, l, t.has(l)})
		}
	}
	return inOrder(entries), host
}

// inOrder returns the cookies by name. A few are put into order where they are,
// which may be on the stack; slices.SortFunc would take them off it.
func inOrder(cookies []entry) []entry {
	if len(cookies) > stackEntries {
		sorted := make([]entry, len(cookies))
		copy(sorted, cookies)
		slices.SortFunc(sorted, func(a, b entry) int { return strings.Compare(a.base, b.base) })
		return sorted
	}
	for i := range cookies {
		for k := i; k > 0 && cookies[k].base < cookies[k-1].base; k-- {
			cookies[k], cookies[k-1] = cookies[k-1], cookies[k]
		}
	}
	return cookies
}

// named returns the cookies of one name, or one more than maxNamesakes of them.
func named(cookies []entry, name string) []entry {
	from := sort.Search(len(cookies), func(i int) bool { return cookies[i].base >= name })
	to := from
	for to < len(cookies) && cookies[to].base == name && to-from <= maxNamesakes {
		to++
	}
	return cookies[from:to]
}

// filter returns the line as the app may see it.
func (s *sorting) filter(line string) string {
	var out strings.Builder
	out.Grow(len(line))
	passed, held := 0, 0
	for rest, more := line, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		before, after, ok := s.pass(segment)
		if !ok {
			held++
			continue
		}
		if passed++; passed > 1 {
			out.WriteByte(';')
		} else if held > 0 {
			before = strings.TrimLeft(before, " \t")
		}
		out.WriteString(before)
		out.WriteString(after)
	}
	if strings.Trim(out.String(), "; \t") == "" {
		return ""
	}
	return out.String()
}

// pass returns what the app sees of one cookie, in two pieces so that nothing has
// to be copied twice, and reports whether it sees it at all.
func (s *sorting) pass(segment string) (before, after string, ok bool) {
	name, value := readPair(segment)
	if isOwner(name) {
		return "", "", false
	}
	base, l, labelled := cut(name)
	switch {
	case !labelled, s.isAppsOwn(name):
		return segment, "", s.passesPlain(name, value)
	case !s.tag.has(l):
		s.foreign = true
		return "", "", false
	case l.kind&twin != 0:
		return "", "", false
	}
	at := strings.Index(segment, name)
	if base == "" {
		// Browsers send a cookie without a name as its value alone.
		return segment[:at], value, true
	}
	return segment[:at+len(base)], segment[at+len(name):], true
}

// isAppsOwn reports whether a name that looks labelled is one that the app itself
// has given, to a cookie that scripts read.
func (s *sorting) isAppsOwn(name string) bool {
	namesakes := named(s.entries, name)
	return len(namesakes) <= maxNamesakes && slices.ContainsFunc(namesakes, func(e entry) bool { return e.mine && e.isTwin() })
}

// passesPlain decides about a cookie under its own name.
func (s *sorting) passesPlain(name, value string) bool {
	namesakes := named(s.entries, name)
	switch {
	case len(namesakes) == 0:
		return s.owner != ownedByOthers
	case len(namesakes) > maxNamesakes:
		return false
	}
	mine, theirs := false, false
	for _, e := range namesakes {
		if !e.isTwin() {
			continue
		}
		if s.comparisons--; s.comparisons < 0 {
			return false
		}
		fits := e.fits(name, value)
		if fits && e.mine {
			return true
		}
		mine = mine || e.mine
		theirs = theirs || fits
	}
	// A script may have changed the value since. Then no twin fits, and it is ours
	// when we have one.
	return mine && !theirs
}

// readPair reads a cookie as a browser means it: one without an equals sign has a
// value and no name (RFC 6265bis, section 5.8.3).
func readPair(segment string) (name, value string) {
	at := strings.IndexByte(segment, '=')
	if at < 0 {
		return "", trim(segment)
	}
	return trim(segment[:at]), trim(segment[at+1:])
}

// trim takes off the blanks that may stand around a cookie, a name or a value.
func trim(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
