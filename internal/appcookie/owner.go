// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import "strings"

// The owner cookie says whose are the cookies that a host's scripts make, which
// have no label and no twin, and whose is what the host keeps in the browser
// otherwise. Its value is a tag, a dot, and the person who was here last. A host
// without any cookies of its apps has none.
const (
	ownerName       = "~owner"
	secureOwnerName = "__Host-" + ownerName
	// ownerAge is as long as browsers keep a cookie at most (RFC 6265bis, section
	// 5.5), in seconds.
	ownerAge = "34560000"
)

// owner is what a request says about the host's owner.
type owner int

const (
	ownerUnknown owner = iota
	ownedByOthers
	owned
)

func isOwner(name string) bool { return name == ownerName || name == secureOwnerName }

// plantsOwner reports whether browsers would send the cookie back as an owner
// cookie: one without a name comes back as its value alone.
func (c *setCookie) plantsOwner() bool {
	if c.name != "" {
		return isOwner(c.name)
	}
	name, _ := readPair(c.value)
	return isOwner(name) || isOwner(c.value)
}

func (t *Tag) ownership(value string) owner {
	if strings.HasPrefix(value, t.owner) {
		return owned
	}
	return ownedByOthers
}

func (t *Tag) ownerCookie() string {
	if t.secure {
		return secureOwnerName
	}
	return ownerName
}

// ownAfter returns the Set-Cookie line that makes the tag the owner, with the person
// who was here last.
func (t *Tag) ownAfter(person string) string {
	line := t.ownerCookie() + "=" + t.owner + person + "; Path=/; Max-Age=" + ownerAge + "; HttpOnly"
	switch {
	case t.embedded:
		return line + embeddedAttributes
	case t.secure:
		return line + "; SameSite=Lax; Secure"
	}
	return line + "; SameSite=Lax"
}

// lastPerson returns who was at the host last, or nothing.
func (t *Tag) lastPerson(line string) string {
	for rest, more := line, true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, ";")
		if name, value := readPair(segment); name == t.ownerCookie() {
			_, person, _ := strings.Cut(value, ".")
			return person
		}
	}
	return ""
}
