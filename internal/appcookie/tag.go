// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package appcookie makes the cookies that an app sets belong to a person. On
// their way to the browser it gives them a name that holds a tag of the person,
// the browser and the host; on their way back it lets only that person's cookies
// through, under the names that the app knows. So nobody inherits the app's own
// session of somebody else, and the same person finds theirs again. Nothing is
// stored; docs/decisions/0002 says why it is done in this way.
//
// Gatehouse's own cookies are package session's and never come here. Package gate asks
// for tags and puts them between app and browser.
package appcookie

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
)

// Tagger makes tags with one key.
type Tagger struct {
	key []byte
	// embedded says that pages of other sites may show the host in frames.
	embedded bool
}

// NewTagger returns a Tagger for the key, which should be derived for this
// purpose alone. Another key makes everybody start anew in the apps, no more.
func NewTagger(key []byte) *Tagger { return &Tagger{key: key} }

// Embedded returns a Tagger for hosts that pages of other sites may show in frames. Its
// tags are the same; what it writes itself is kept there as well.
func (t *Tagger) Embedded() *Tagger { return &Tagger{key: t.key, embedded: true} }

// Tag is whom cookies belong to on one host. It is safe for concurrent use, and
// made once for many requests.
type Tag struct {
	// host marks the cookies of this host alone, domain those that the app shares
	// with sibling hosts. Each is tagLength characters that nobody can guess.
	host, domain string
	// person is the same for all of a person's tags on the host.
	person string
	// owner is what the value of the owner cookie begins with when this is the owner,
	// and own the line that makes a person the owner.
	owner, own string

	nobody   bool
	secure   bool
	embedded bool
	hostname string
}

// Person returns the tag of a person at an origin (scheme, host, port). The bond
// is what keeps a person's cookies together and those of others apart: the same
// for each session in which the apps should find their cookies again, another one
// after a logout or a revocation, and never that of another browser.
//
// Cookies know no ports and no schemes (RFC 6265, section 8.5), so origins of one
// host have the same tag.
func (t *Tagger) Person(user, bond, origin string) *Tag {
	tag := t.at(origin)
	tag.host = t.mac("host", tag.hostname, user, bond)
	tag.domain = t.mac("domain", user, bond)
	tag.person = t.mac("person", tag.hostname, user)
	tag.owner = tag.host + "."
	tag.own = tag.ownAfter(tag.person)
	return tag
}

// Nobody returns the tag for requests without an identity. What an app sets in
// answer to these is nobody's, and no person's later.
func (t *Tagger) Nobody(origin string) *Tag {
	tag := t.at(origin)
	tag.host = t.mac("nobody", tag.hostname)
	tag.domain = t.mac("nobody everywhere")
	tag.owner = tag.host + "."
	tag.nobody = true
	return tag
}

func (t *Tagger) at(origin string) *Tag {
	u, err := url.Parse(origin)
	if err != nil {
		// Origins come from the configuration and have been parsed there. One that
		// cannot be is a host of its own.
		return &Tag{hostname: origin}
	}
	return &Tag{hostname: u.Hostname(), secure: u.Scheme == "https", embedded: t.embedded}
}

func (t *Tagger) mac(parts ...string) string {
	mac := hmac.New(sha256.New, t.key)
	for _, part := range parts {
		// The length keeps ("ab", "c") from being ("a", "bc").
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return short(mac.Sum(nil))
}

// short makes tagLength characters, that is 54 bits, of a hash. Who guesses has to
// plant a cookie in somebody's browser for each guess.
func short(hash []byte) string {
	return base64.RawURLEncoding.EncodeToString(hash[:7])[:tagLength]
}

// String hides the tag, which would be of use to whoever can plant cookies.
func (t *Tag) String() string { return "tag of " + t.hostname }

// GoString hides the tag from %#v.
func (t *Tag) GoString() string { return t.String() }

// has reports whether the label is one that this tag makes.
func (t *Tag) has(l label) bool { return l.tag == t.text(l.kind) }

func (t *Tag) text(k kind) string {
	if k&domainWide != 0 {
		return t.domain
	}
	return t.host
}
