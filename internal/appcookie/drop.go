// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"slices"
	"strings"
)

// maxDrops bounds how many lines of deletion an answer has. What is left over
// comes with the next request, and is dropped then.
const maxDrops = 48

// drops gathers the lines that delete cookies.
type drops struct {
	tag *Tag
	// page is the path of the request that has shown the cookies.
	page  string
	lines []string
}

// add deletes one cookie at one place. A browser compares name, domain and path
// byte by byte, and refuses a deletion that does not fulfil what the cookie's
// prefix demands.
func (d *drops) add(name, path, domain string, k kind) {
	if len(d.lines) >= maxDrops || !writable(name) || !writable(path) {
		return
	}
	line := name + "=; Path=" + path + "; Max-Age=0; HttpOnly"
	if domain != "" {
		line += "; Domain=" + domain
	}
	if d.tag.secure || strings.HasPrefix(name, "__") {
		line += "; Secure"
	}
	if k&partitioned != 0 {
		line += "; SameSite=None; Partitioned"
	}
	if !slices.Contains(d.lines, line) {
		d.lines = append(d.lines, line)
	}
}

// writable reports whether the text keeps its meaning in a Set-Cookie line.
func writable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == ';' || r == 0x7f })
}

// labelled deletes a cookie whose label tells its kind and the length of its path.
func (d *drops) labelled(name string, l label) {
	for n := strings.IndexByte(alphabet, l.path); n <= len(d.page); n += len(alphabet) {
		if !isPath(d.page, n) {
			continue
		}
		if l.kind&domainWide == 0 {
			d.add(name, d.page[:n], "", l.kind)
			continue
		}
		for domain := d.tag.hostname; strings.Contains(domain, "."); _, domain, _ = strings.Cut(domain, ".") {
			d.add(name, d.page[:n], domain, l.kind)
		}
	}
}

// isPath reports whether a cookie whose path is the first n bytes of the page
// comes with requests for the page (RFC 6265, section 5.1.4).
func isPath(page string, n int) bool {
	return n > 0 && (n == len(page) || page[n-1] == '/' || page[n] == '/')
}

// paths returns where a cookie may be kept that comes with the page, shortest first.
func (d *drops) paths() []string {
	var paths []string
	for n := 1; n <= len(d.page) && len(paths) < maxDrops; n++ {
		if isPath(d.page, n) {
			paths = append(paths, d.page[:n])
		}
	}
	return paths
}

// full reports whether something may have been left over.
func (d *drops) full() bool { return len(d.lines) >= maxDrops }

// drop returns the lines that delete what is not the tag's.
func (j Jar) drop(page string) []string {
	if j.owner == ownedByOthers {
		// Who was here before stays on record: only a landing clears the storage.
		return j.tag.handOver(j.line, page, j.tag.lastPerson(j.line))
	}
	d := drops{tag: j.tag, page: page}
	s := newSorting(j.tag, j.line)
	plain := plainCookies(j.line)
	for i := range s.entries {
		e := &s.entries[i]
		name := e.label.on(e.base)
		if e.mine || s.isAppsOwn(name) {
			continue
		}
		theirs, unclear := s.companions(named(plain, e.base), e)
		if theirs {
			d.labelled(e.base, e.label)
		}
		if !unclear {
			d.labelled(name, e.label)
		}
		if d.full() {
			break
		}
	}
	return d.lines
}

// plainCookies returns the cookies under their own names, by name.
func plainCookies(line string) []entry {
	var plain []entry
	for rest, more := line, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		if name, value := readPair(segment); name+value != "" {
			plain = append(plain, entry{base: name, value: value})
		}
	}
	return inOrder(plain)
}

// companions reports whether the cookie of somebody else's twin is there, which goes
// with it, and whether there is one that may be, changed by a script. Then the twin
// stays, so that it does not pass; the owner's page may need it, or the app will
// set it anew.
func (s *sorting) companions(namesakes []entry, e *entry) (theirs, unclear bool) {
	if !e.isTwin() {
		return false, false
	}
	if len(namesakes) > maxNamesakes {
		return false, true
	}
	for i := range namesakes {
		if s.comparisons--; s.comparisons < 0 {
			return false, true
		}
		theirs = theirs || e.fits(e.base, namesakes[i].value)
	}
	return theirs, !theirs && len(namesakes) > 0 && !s.isAppsOwn(e.base)
}
