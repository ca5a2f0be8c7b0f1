// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package policy decides who may do what in an app. Its decisions are pure: they
// depend on the rules, the person and the request's facts, and on nothing else.
// Who the person is belongs to the session, what is forwarded to the gate.
//
// A deny rule wins over every allow rule; of the allow rules one is enough; where
// an app has none, every signed-in user may pass. The words of one rule must all
// fit; of the values of one word one is enough, and users and groups are one word.
//
// What an app makes of an address is not known here, so the stricter reading wins:
// a deny rule looks at a path in every way in which an app may read it, an allow or
// public rule only at the path as it is forwarded. See docs/policy.md.
package policy

import (
	"net/netip"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Facts are what a decision needs to know of a request.
type Facts struct {
	// Path is the decoded path as it is forwarded, as [CheckPath] returns it.
	Path string
	// Method is the request's method as it is forwarded.
	Method string
	// Address is the client's. The zero value says that it is not known, and then
	// a deny rule with addresses fits and an allow rule with addresses does not.
	Address netip.Addr
	// Barred says why the app is closed to whoever is signed in, though not by its rules:
	// by the way in which they have signed in. Empty, it is not. It counts like a deny
	// rule for that person.
	Barred string
}

// Verdict is what happens to a request.
type Verdict uint8

// The verdicts. The zero value is Deny, so that what nobody decided is denied.
const (
	// Deny refuses the request, whoever is signed in.
	Deny Verdict = iota
	// SignIn asks the person to sign in first.
	SignIn
	// Allow passes the request on.
	Allow
)

// String returns the verdict as it appears in logs and in explanations.
func (v Verdict) String() string {
	switch v {
	case Allow:
		return "allow"
	case SignIn:
		return "sign in"
	default:
		return "deny"
	}
}

// MarshalText writes the verdict as [Verdict.String] does.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Decision is what the policy says about one request.
type Decision struct {
	Verdict Verdict `json:"verdict"`
	// Public says that the path needs nobody to sign in.
	Public bool `json:"public"`
	// Identify says that the request goes on with the identity of who is signed
	// in. An allowed request without it goes on clean: it is public, and nobody is
	// signed in or whoever is would not be allowed otherwise.
	Identify bool `json:"identify"`
	// Rule is the rule that decided, or nil. It belongs to the policy.
	Rule *Rule `json:"rule,omitempty"`
	// Reason says why, in words for an operator. It names configured rules and
	// nothing that the client sent.
	Reason string `json:"reason"`
	// Barred says that [Facts.Barred] decided.
	Barred bool `json:"barred,omitempty"`
}

// Policy is what [Compile] makes of rules. It never changes and may be used from
// many goroutines.
type Policy struct {
	version string
	public  patterns
	ownAuth patterns
	rules   []rule
	allows  bool // at least one rule allows
	methods bool // at least one rule has methods
	denied  bool // at least one deny rule has paths
}

// Version names the rules: policies with equal rules in equal order have equal
// versions, wherever the rules were written.
func (p *Policy) Version() string { return p.version }

// OwnAuth reports whether the app itself checks who calls a path, which is as
// [CheckPath] returns it.
func (p *Policy) OwnAuth(path string) bool { return p.ownAuth.cover(path) }

// HasMethods reports whether a rule depends on the method. If so, headers that
// name another method must not be passed on: see [OverrideHeaders].
func (p *Policy) HasMethods() bool { return p.methods }

// Decide says what happens to a request of u, who is nil when nobody is signed in.
// A disabled user is nobody, and so is everybody where the app checks its callers itself:
// of the rules only those that deny everybody hold there.
func (p *Policy) Decide(u *identity.User, f Facts) Decision {
	if reason := unforwardable(f); reason != "" {
		return Decision{Reason: reason}
	}
	q := p.question(u, f)
	denied := p.first(&q, true)
	if denied != nil && denied.everybody() {
		return Decision{Rule: &denied.Rule, Reason: denied.reason}
	}
	if p.ownAuth.cover(f.Path) {
		return Decision{Verdict: Allow, Public: true, Reason: reasonOwnAuth}
	}
	public := p.public.cover(f.Path)
	if q.user == nil {
		if public {
			return Decision{Verdict: Allow, Public: true, Reason: reasonPublic}
		}
		return Decision{Verdict: SignIn, Reason: reasonNobody}
	}
	d := p.forUser(&q, denied)
	if d.Verdict == Allow && f.Barred != "" {
		d = Decision{Reason: f.Barred, Barred: true}
	}
	if public && d.Verdict != Allow {
		d.Verdict = Allow
	}
	d.Public = public
	return d
}

// forUser decides for somebody who is signed in, as if nothing were public.
func (p *Policy) forUser(q *question, denied *rule) Decision {
	if denied != nil {
		return Decision{Rule: &denied.Rule, Reason: denied.reason}
	}
	if !p.allows {
		return Decision{Verdict: Allow, Identify: true, Reason: reasonSignedIn}
	}
	if r := p.first(q, false); r != nil {
		return Decision{Verdict: Allow, Identify: true, Rule: &r.Rule, Reason: r.reason}
	}
	return Decision{Reason: reasonNoAllow}
}

// first returns the rule that decides among those that deny or allow: the first
// that fits. Among deny rules one that does not depend on the person comes before
// the others, because it also counts on public paths.
func (p *Policy) first(q *question, deny bool) *rule {
	var found *rule
	for i := range p.rules {
		r := &p.rules[i]
		if r.Deny != deny || (found != nil && !r.everybody()) || r.misses(q) != fits {
			continue
		}
		if !deny || r.everybody() {
			return r
		}
		found = r
	}
	return found
}

// Admits reports whether there can be anything in the app that u may open from
// address, leaving paths and methods aside. It is for lists of apps; a request is
// decided by [Policy.Decide].
func (p *Policy) Admits(u *identity.User, address netip.Addr) bool {
	if u == nil || u.Disabled {
		return false
	}
	q := question{user: u, address: plainAddress(address)}
	admitted := !p.allows
	for i := range p.rules {
		r := &p.rules[i]
		if r.missesPerson(&q) != fits || r.missesAddress(&q) != fits {
			continue
		}
		if r.Deny && len(r.Paths) == 0 && len(r.Methods) == 0 {
			return false
		}
		admitted = admitted || !r.Deny
	}
	return admitted
}

// Reasons of decisions that no rule made.
const (
	reasonPublic   = "the path is public"
	reasonOwnAuth  = "the app checks by itself who calls this path"
	reasonNobody   = "nobody is signed in"
	reasonSignedIn = "any signed-in user may pass, since no rule allows somebody in particular"
	reasonNoAllow  = "no allow rule fits"
	reasonPath     = "the path was not checked"
)

// unforwardable returns why a request is denied whatever the rules say, or "".
func unforwardable(f Facts) string {
	if !strings.HasPrefix(f.Path, "/") {
		return reasonPath
	}
	return unforwardableMethod(f.Method)
}
