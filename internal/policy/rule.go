// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Rules are an app's rules as they were configured.
type Rules struct {
	// Public are the paths that need nobody to sign in, written as in [Rule].
	Public []string `json:"public,omitempty"`
	// OwnAuth are the paths whose callers the app checks itself, written as in [Rule].
	// Nobody is anybody there, whoever is signed in.
	OwnAuth []string `json:"own_auth,omitempty"`
	// Rules are the allow and deny rules. Their order does not change who may
	// pass, only which rule is named as the one that decided.
	Rules []Rule `json:"rules,omitempty"`
}

// Rule is one line that allows or denies. An empty list does not restrict. A rule
// that names neither users nor groups is for everybody: an allow rule for every
// signed-in user, a deny rule for every request, on public paths too.
type Rule struct {
	// Deny makes a rule refuse what fits. Default: it allows.
	Deny bool `json:"deny,omitempty"`
	// Any says in so many words that the rule is for everybody. It excludes Users
	// and Groups.
	Any bool `json:"any,omitempty"`
	// Users are the names with which people sign in. Case and width do not matter.
	Users []string `json:"users,omitempty"`
	// Groups are names of groups, case-sensitive. One that fits is enough, and so is
	// a user that fits.
	Groups []string `json:"groups,omitempty"`
	// Paths are exact paths, `/prefix/*` or `/*`, case-sensitive, written decoded.
	// `/prefix/*` covers `/prefix` and `/prefix/` as well.
	Paths []string `json:"paths,omitempty"`
	// Methods are methods in capital letters. GET covers HEAD.
	Methods []string `json:"methods,omitempty"`
	// Addresses are the networks of clients.
	Addresses []netip.Prefix `json:"addresses,omitempty"`
	// Source says where the rule was written ("Caddyfile:12"), for explanations.
	Source string `json:"source,omitempty"`
}

// String returns the rule in the words of the Caddyfile.
func (r *Rule) String() string {
	var b strings.Builder
	b.WriteString("allow")
	if r.Deny {
		b.Reset()
		b.WriteString("deny")
	}
	if r.Any {
		b.WriteString(" any")
	}
	words(&b, "user", r.Users)
	words(&b, "group", r.Groups)
	words(&b, "path", r.Paths)
	words(&b, "method", r.Methods)
	if len(r.Addresses) > 0 {
		b.WriteString(" address")
	}
	for _, a := range r.Addresses {
		b.WriteString(" " + a.String())
	}
	return b.String()
}

func words(b *strings.Builder, word string, values []string) {
	if len(values) == 0 {
		return
	}
	b.WriteString(" " + word)
	for _, v := range values {
		if strings.ContainsAny(v, " \t\"`{}") {
			v = strconv.Quote(v)
		}
		b.WriteString(" " + v)
	}
}

// rule is a Rule made ready for deciding.
type rule struct {
	Rule
	names  []string // Users in canonical form
	paths  patterns
	reason string
}

// everybody reports whether the rule does not depend on who is signed in.
func (r *rule) everybody() bool { return len(r.Users) == 0 && len(r.Groups) == 0 }

// question is one request, made ready to be asked about by every rule.
type question struct {
	user     *identity.User
	method   string
	address  netip.Addr
	path     string
	readings []string // every way to read path, for deny rules; path alone if empty
}

// question prepares what does not depend on a single rule.
func (p *Policy) question(u *identity.User, f Facts) question {
	if u != nil && u.Disabled {
		u = nil
	}
	q := question{user: u, method: f.Method, address: plainAddress(f.Address), path: f.Path}
	if p.denied {
		q.readings = readings(f.Path)
	}
	return q
}

// plainAddress removes what a prefix does not have: a zone, the clothing of an
// IPv4 address in IPv6.
func plainAddress(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// miss says why a rule does not fit.
type miss uint8

const (
	fits miss = iota
	missUser
	missNobody
	missPath
	missMethod
	missAddress
)

// String returns the words of an explanation.
func (m miss) String() string {
	switch m {
	case missUser:
		return "is for other users or groups"
	case missNobody:
		return reasonNobody
	case missPath:
		return "is for other paths"
	case missMethod:
		return "is for other methods"
	case missAddress:
		return "is for other client addresses"
	}
	return "fits"
}

// misses returns the first thing in which the rule does not fit.
func (r *rule) misses(q *question) miss {
	if m := r.missesPerson(q); m != fits {
		return m
	}
	if len(r.paths) > 0 && !r.coversPath(q) {
		return missPath
	}
	if len(r.Methods) > 0 && !methodFits(r.Methods, q.method, r.Deny) {
		return missMethod
	}
	return r.missesAddress(q)
}

func (r *rule) missesPerson(q *question) miss {
	switch {
	case q.user == nil && (!r.Deny || !r.everybody()):
		return missNobody
	case r.everybody(), r.namesUser(q.user.Name), slices.ContainsFunc(r.Groups, q.user.In):
		return fits
	}
	return missUser
}

// namesUser compares canonical names. A deny rule also sees through a source that
// hands out a name in another case.
func (r *rule) namesUser(name string) bool {
	for _, n := range r.names {
		if n == name || (r.Deny && strings.EqualFold(n, name)) {
			return true
		}
	}
	return false
}

func (r *rule) coversPath(q *question) bool {
	if r.paths.cover(q.path) {
		return true
	}
	return r.Deny && slices.ContainsFunc(q.readings, r.paths.cover)
}

func (r *rule) missesAddress(q *question) miss {
	if len(r.Addresses) == 0 || (r.Deny && !q.address.IsValid()) {
		return fits
	}
	for _, a := range r.Addresses {
		if a.Contains(q.address) {
			return fits
		}
	}
	return missAddress
}
