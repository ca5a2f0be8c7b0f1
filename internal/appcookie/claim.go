// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"net/http"
	"strings"
)

// clearing is what another person must not find on a host besides cookies: local
// storage, databases, service workers and the cache. Never "cookies": that takes
// the cookies of all hosts of the registrable domain, the portal's too.
const clearing = `"cache", "storage"`

// Claim makes the tag the owner of the host: the answer deletes the cookies of
// others that the request has shown, those that scripts have made for others
// among them, and clears what browsers keep besides cookies when another person
// was here before. Stranger says that the browser still has a token of some other
// session for this host, which is not known to be the same person's; it counts
// where no cookie tells who was here last. Path is the request's, as for [Jar.Answer].
//
// A person's tag claims the host when the person lands there, nobody's when a
// person signs out there. The answer must be one of our own, and the request's
// header without our own cookies.
func (t *Tag) Claim(request, answer http.Header, path string, stranger bool) {
	line := ""
	if lines := request["Cookie"]; len(lines) > 0 {
		line = joined(lines)
	}
	t.claim(line, answer, path, stranger)
}

// Claim is [Tag.Claim] by a tag for the request of the jar, whose header shows no more
// what the browser has. It comes after [Jar.Answer], and drops what that has set.
func (j Jar) Claim(t *Tag, answer http.Header, path string, stranger bool) {
	t.claim(j.line, answer, path, stranger)
}

// Clear tells the browser to clear what it keeps for the host besides cookies.
func Clear(answer http.Header) { answer.Set("Clear-Site-Data", clearing) }

func (t *Tag) claim(line string, answer http.Header, path string, stranger bool) {
	last := t.lastPerson(line)
	if last != "" {
		stranger = last != t.person
	}
	if !t.nobody {
		last = t.person
	}
	if line != "" {
		for _, l := range t.handOver(line, path, last) {
			answer.Add("Set-Cookie", l)
		}
	}
	if t.nobody || stranger {
		Clear(answer)
	}
}

// handOver returns the lines that delete what others have left, and make the tag
// the owner, after this person, unless something may be left over.
func (t *Tag) handOver(line, page, person string) []string {
	s := newSorting(t, line)
	if t.nobody && s.owner == ownerUnknown {
		// Whoever was here has not been told to the browser yet.
		s.owner = ownedByOthers
	}
	d := drops{tag: t, page: page}
	for i := range s.entries {
		if e := &s.entries[i]; !e.mine && !s.isAppsOwn(e.label.on(e.base)) && !d.full() {
			d.labelled(e.label.on(e.base), e.label)
		}
	}
	plain := s.heldPlain(line)
	more := false
	for i, path := range d.paths() {
		for _, name := range plain {
			d.add(name, path, "", 0)
		}
		// Most are kept for the first path, which is "/". A cookie of a sibling host
		// cannot be deleted here, and must not keep the owner from changing.
		more = more || i == 0 && d.full()
	}
	if more {
		return d.lines
	}
	if t.embedded {
		// From before the host was embedded, and beside the one that counts.
		d.lines = append(d.lines, t.ownerCookie()+"=; Path=/; Max-Age=0; Secure")
	}
	return append(d.lines, t.ownAfter(person))
}

// heldPlain returns the names of cookies under their own names that do not pass.
func (s *sorting) heldPlain(line string) []string {
	var names []string
	for rest, more := line, true; more && len(names) < maxDrops; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		name, value := readPair(segment)
		if _, _, labelled := cut(name); isOwner(name) || labelled && !s.isAppsOwn(name) || name+value == "" {
			continue
		}
		if !s.passesPlain(name, value) {
			names = append(names, name)
		}
	}
	return names
}
