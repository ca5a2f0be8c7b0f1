// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"net/netip"
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

var (
	nobody *identity.User
	ada    = &identity.User{ID: "1", Name: "ada", Groups: []string{"staff", "admins"}}
	bob    = &identity.User{ID: "2", Name: "bob", Groups: []string{"staff"}}
	eve    = &identity.User{ID: "3", Name: "eve"}
	zoé    = &identity.User{ID: "4", Name: "zoé"}
	gone   = &identity.User{ID: "5", Name: "ada", Groups: []string{"admins"}, Disabled: true}
)

// Shorthand for rules.
func allow(r policy.Rule) policy.Rule { return r }
func deny(r policy.Rule) policy.Rule  { r.Deny = true; return r }
func words(w ...string) []string      { return w }

func networks(texts ...string) (ps []netip.Prefix) {
	for _, t := range texts {
		ps = append(ps, netip.MustParsePrefix(t))
	}
	return ps
}

func compile(t testing.TB, rules policy.Rules) *policy.Policy {
	t.Helper()
	p, err := policy.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func get(path string) policy.Facts {
	return policy.Facts{Path: path, Method: "GET", Address: netip.MustParseAddr("192.0.2.7")}
}

func method(m, path string) policy.Facts { f := get(path); f.Method = m; return f }

func from(address, path string) policy.Facts {
	f := get(path)
	f.Address, _ = netip.ParseAddr(address)
	return f
}

// What a decision comes to.
const (
	named    = "allowed, with identity"
	clean    = "allowed, without identity"
	refused  = "deny"
	askFirst = "sign in"
)

func outcome(d policy.Decision) string {
	if d.Verdict != policy.Allow {
		return d.Verdict.String()
	}
	if d.Identify {
		return named
	}
	return clean
}

// TestDecide is the policy in examples: deny wins, one allow is enough, none means
// any signed-in user, and public means that nobody has to sign in.
func TestDecide(t *testing.T) {
	type request struct {
		user *identity.User
		f    policy.Facts
		want string
	}
	for name, test := range map[string]struct {
		rules    policy.Rules
		requests []request
	}{
		"no rules: any signed-in user": {policy.Rules{}, []request{
			{nobody, get("/"), askFirst},
			{eve, get("/"), named},
			{gone, get("/"), askFirst},
		}},
		"one allow is enough": {policy.Rules{Rules: []policy.Rule{
			allow(policy.Rule{Groups: words("admins")}),
			allow(policy.Rule{Users: words("eve")}),
		}}, []request{
			{ada, get("/x"), named},
			{bob, get("/x"), refused},
			{eve, get("/x"), named},
			{nobody, get("/x"), askFirst},
		}},
		"users and groups of one rule are alternatives": {policy.Rules{Rules: []policy.Rule{
			allow(policy.Rule{Users: words("eve"), Groups: words("admins")}),
		}}, []request{
			{ada, get("/x"), named},
			{eve, get("/x"), named},
			{bob, get("/x"), refused},
		}},
		"the words of one rule must all fit": {policy.Rules{Rules: []policy.Rule{
			allow(policy.Rule{Groups: words("staff"), Paths: words("/wiki/*"), Methods: words("GET"), Addresses: networks("10.0.0.0/8")}),
		}}, []request{
			{bob, from("10.1.2.3", "/wiki/a"), named},
			{bob, from("10.1.2.3", "/blog/a"), refused},
			{bob, from("11.1.2.3", "/wiki/a"), refused},
			{eve, from("10.1.2.3", "/wiki/a"), refused},
			{bob, method("POST", "/wiki/a"), refused},
		}},
		"deny wins, wherever it stands": {policy.Rules{Rules: []policy.Rule{
			deny(policy.Rule{Users: words("bob")}),
			allow(policy.Rule{Any: true}),
			deny(policy.Rule{Groups: words("admins"), Paths: words("/till/*")}),
		}}, []request{
			{bob, get("/"), refused},
			{ada, get("/"), named},
			{ada, get("/till/1"), refused},
			{nobody, get("/till/1"), askFirst},
		}},
		"only deny rules: everybody else may pass": {policy.Rules{Rules: []policy.Rule{
			deny(policy.Rule{Groups: words("admins")}),
		}}, []request{
			{ada, get("/"), refused},
			{eve, get("/"), named},
			{nobody, get("/"), askFirst},
		}},
		"a deny rule for everybody needs nobody to sign in first": {policy.Rules{Rules: []policy.Rule{
			deny(policy.Rule{Paths: words("/internal/*")}),
			deny(policy.Rule{Any: true, Methods: words("DELETE")}),
		}}, []request{
			{nobody, get("/internal/x"), refused},
			{nobody, method("DELETE", "/"), refused},
			{ada, get("/internal/x"), refused},
			{nobody, get("/"), askFirst},
		}},
		"public": {policy.Rules{Public: words("/healthz", "/assets/*"), Rules: []policy.Rule{
			allow(policy.Rule{Groups: words("staff")}),
			deny(policy.Rule{Users: words("eve")}),
			deny(policy.Rule{Addresses: networks("203.0.113.0/24")}),
			deny(policy.Rule{Paths: words("/assets/secret/*")}),
		}}, []request{
			{nobody, get("/healthz"), clean},
			{nobody, get("/healthz/more"), askFirst},
			{nobody, get("/assets/a.css"), clean},
			{bob, get("/assets/a.css"), named},
			{zoé, get("/assets/a.css"), clean}, // as if signed out
			{eve, get("/assets/a.css"), clean},
			{gone, get("/assets/a.css"), clean},
			{nobody, from("203.0.113.9", "/healthz"), refused},
			{bob, from("203.0.113.9", "/healthz"), refused},
			{nobody, get("/assets/secret/key"), refused},
		}},
		"methods": {policy.Rules{Rules: []policy.Rule{
			allow(policy.Rule{Methods: words("GET", "POST")}),
			deny(policy.Rule{Methods: words("POST"), Paths: words("/closed/*")}),
			deny(policy.Rule{Methods: words("GET"), Paths: words("/write-only")}),
		}}, []request{
			{bob, method("GET", "/"), named},
			{bob, method("HEAD", "/"), named},
			{bob, method("PUT", "/"), refused},
			{bob, method("get", "/"), refused}, // some apps fold methods, others do not
			{bob, method("POST", "/closed/a"), refused},
			{bob, method("post", "/closed/a"), refused},
			{bob, method("head", "/write-only"), refused},
			{bob, method("POST", "/write-only"), named},
		}},
		"addresses": {policy.Rules{Rules: []policy.Rule{
			allow(policy.Rule{Addresses: networks("10.0.0.0/8", "2001:db8::/32")}),
			deny(policy.Rule{Addresses: networks("10.6.6.0/24", "fe80::/10")}),
		}}, []request{
			{bob, from("10.1.1.1", "/"), named},
			{bob, from("::ffff:10.1.1.1", "/"), named},
			{bob, from("::ffff:10.6.6.6", "/"), refused},
			{bob, from("2001:db8::1", "/"), named},
			{bob, from("fe80::1%eth0", "/"), refused},
			{bob, from("192.0.2.1", "/"), refused},
			{nobody, from("192.0.2.1", "/"), askFirst},
			{bob, from("not known", "/"), refused},
		}},
		"names are compared in their canonical form": {policy.Rules{Rules: []policy.Rule{
			allow(policy.Rule{Users: words("ＡDA", "ZOE\u0301", "Ada Lovelace", "\u0130lker")}),
		}}, []request{
			{ada, get("/"), named},
			{zoé, get("/"), named},
			{bob, get("/"), refused},
			{&identity.User{Name: "Ada Lovelace"}, get("/"), named},
			{&identity.User{Name: "ilker"}, get("/"), refused}, // another letter, another person
		}},
		"everything": {policy.Rules{Public: words("/*"), Rules: []policy.Rule{
			allow(policy.Rule{Groups: words("staff")}),
		}}, []request{
			{nobody, get("/"), clean},
			{nobody, get("/x/y"), clean},
			{bob, get("/x/y"), named},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, test.rules)
			for _, r := range test.requests {
				d := p.Decide(r.user, r.f)
				if got := outcome(d); got != r.want {
					t.Errorf("%s, %+v: got %q, want %q", user(r.user), r.f, got, r.want)
				}
				if d.Reason == "" {
					t.Errorf("%s, %+v: no reason", user(r.user), r.f)
				}
			}
		})
	}
}

// TestBarred: a session that is not enough for the app is refused whoever's it is, and on
// public paths goes on as nobody; it opens nothing that the rules do not.
func TestBarred(t *testing.T) {
	p := compile(t, policy.Rules{Public: words("/open/*"), Rules: []policy.Rule{
		allow(policy.Rule{Groups: words("staff")}), deny(policy.Rule{Paths: words("/never/*", "/open/never")}),
	}})
	for _, test := range []struct {
		user *identity.User
		path string
		want string
		bars bool
	}{
		{bob, "/x", refused, true},
		{bob, "/open/x", clean, true},
		{bob, "/never/x", refused, false},
		{bob, "/open/never", refused, false},
		{eve, "/x", refused, false},
		{nobody, "/x", askFirst, false},
		{nobody, "/open/x", clean, false},
	} {
		f := get(test.path)
		f.Barred = "begun by an app"
		d := p.Decide(test.user, f)
		if got := outcome(d); got != test.want || d.Barred != test.bars || test.bars != (d.Reason == f.Barred) {
			t.Errorf("%s at %s: %q, %+v", user(test.user), test.path, got, d)
		}
	}
}

func user(u *identity.User) string {
	if u == nil {
		return "nobody"
	}
	return u.Name
}

// TestPaths: exact or a tree, case-sensitive, and a name that only begins alike is
// another one.
func TestPaths(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"/admin", "/admin", true},
		{"/admin", "/admin/", false},
		{"/admin", "/ADMIN", false},
		{"/admin", "/admin/x", false},
		{"/admin", "/administration", false},
		{"/admin/*", "/admin", true},
		{"/admin/*", "/admin/", true},
		{"/admin/*", "/admin/x/y", true},
		{"/admin/*", "/Admin/x", false},
		{"/admin/*", "/administration", false},
		{"/admin/*", "/x/admin/", false},
		{"/index.php", "/index.php/admin", false}, // docs/policy.md, what a rule cannot see
		{"/", "/", true},
		{"/", "/x", false},
		{"/*", "/", true},
		{"/*", "//x;y", true},
		{"/a b/*", "/a b/c", true},
	} {
		p := compile(t, policy.Rules{Public: words(test.pattern)})
		if got := p.Decide(nil, get(test.path)).Public; got != test.want {
			t.Errorf("public %s covers %s: %t, want %t", test.pattern, test.path, got, test.want)
		}
	}
}

// The rest of an address may be read differently by the app: merged slashes, path
// parameters, a slash at the end, a second decoding. Nobody slips past a deny rule
// that way, and nobody gets into what is public or allowed (threats 8 and 46;
// oauth2-proxy GHSA-7rh7, Oathkeeper GHSA-p224, LemonLDAP CVE-2020-24660).
func TestSpellingsDoNotSlipPastARule(t *testing.T) {
	rules := policy.Rules{
		Public: words("/public/*", "/login"),
		Rules: []policy.Rule{
			deny(policy.Rule{Paths: words("/admin/*", "/exact", "/slash/", "/büro/*")}),
			allow(policy.Rule{Groups: words("admins")}),
			allow(policy.Rule{Groups: words("staff"), Paths: words("/wiki/*")}),
		},
	}
	p := compile(t, rules)
	for _, path := range []string{
		"/admin/x", "//admin/x", "///admin//x", "/admin;x=1", "/admin;x=1/users", "/;/admin/x", "//;a//admin;b//",
		"/%61dmin/", "/%2561dmin/x", "/admin%3Bx", "/admin%253Bx/y", "/admin%3f/x", "/admin%23", "/admin%253f", "/admin//",
		"//host/admin/x", "///host/admin", "//host:80//admin;x", "//user@host/admin/", "//host;/%2561dmin", "//host/exact/", "//host/admin%3f",
		"/%EF%BD%81dmin/x", "/ＡＤＭＩＮ/../admin", "/ａｄｍｉｎ／x", "/admin；x", "/%25EF%25BD%2581dmin", "/admin？x", "//host/ａdmin",
		"/exact", "/exact/", "/exact;jsessionid=1", "/exact//", "/exact%3Fa=b",
		"/slash/", "/slash", "/slash//", "/slash/;x", "//slash/",
		"/b%C3%BCro/x", "/bu%CC%88ro/x", "/b%FCro/x", "/b%25C3%25BCro",
	} {
		decoded, err := policy.CheckPath(path)
		if err != nil {
			continue // not forwarded at all
		}
		if d := p.Decide(ada, get(decoded)); d.Verdict != policy.Deny {
			t.Errorf("%s: %v for somebody whom the deny rule stops", path, d.Verdict)
		}
	}
	for _, path := range []string{
		"//public/x", "/public;x/y", "/PUBLIC/x", "/x/public/", "//host/public/x", "/ｐublic/x", "/public／x", "/publicity", "/%2570ublic/x", "/login/", "/login;x",
		"/admin?x=/public/", "/admin%3Fx=/public/", "/secret%23/public/",
	} {
		decoded, err := policy.CheckPath(path)
		if err != nil {
			continue
		}
		if d := p.Decide(nil, get(decoded)); d.Verdict == policy.Allow {
			t.Errorf("%s: passes as public", path)
		}
	}
	for _, path := range []string{"//wiki/x", "/wiki;x/y", "/Wiki/x", "/%2577iki/x"} {
		decoded, err := policy.CheckPath(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if d := p.Decide(bob, get(decoded)); d.Verdict != policy.Deny {
			t.Errorf("%s: passes as /wiki/*", path)
		}
	}
}

// TRACE sends back what the gate has added (threat 47), CONNECT leads past it.
func TestTraceAndTunnelsAreNeverForwarded(t *testing.T) {
	p := compile(t, policy.Rules{Public: words("/*")})
	for _, m := range []string{"TRACE", "trace", "TRACK", "CONNECT", ""} {
		if d := p.Decide(ada, method(m, "/")); d.Verdict != policy.Deny {
			t.Errorf("%q: %v", m, d.Verdict)
		}
	}
}

// A path that never went through CheckPath is denied, public or not.
func TestUncheckedPathIsDenied(t *testing.T) {
	p := compile(t, policy.Rules{Public: words("/*")})
	for _, path := range []string{"", "*", "example.com:443", "x"} {
		if d := p.Decide(ada, get(path)); d.Verdict != policy.Deny {
			t.Errorf("%q: %v", path, d.Verdict)
		}
	}
}

// The zero values deny: a forgotten field never opens a door.
func TestZeroDecisionDenies(t *testing.T) {
	if got := outcome(policy.Decision{}); got != refused {
		t.Errorf("zero decision: %s", got)
	}
}

// HasMethods says when a header that overrides the method matters (threat 47).
func TestHasMethods(t *testing.T) {
	if compile(t, policy.Rules{Rules: []policy.Rule{allow(policy.Rule{Any: true})}}).HasMethods() {
		t.Error("rules without methods have methods")
	}
	if !compile(t, policy.Rules{Rules: []policy.Rule{deny(policy.Rule{Methods: words("DELETE")})}}).HasMethods() {
		t.Error("rules with methods have none")
	}
}

// An app is listed for whom it may admit somewhere.
func TestAdmits(t *testing.T) {
	here := netip.MustParseAddr("10.0.0.1")
	p := compile(t, policy.Rules{Rules: []policy.Rule{
		allow(policy.Rule{Groups: words("staff"), Paths: words("/wiki/*")}),
		deny(policy.Rule{Users: words("bob")}),
		deny(policy.Rule{Groups: words("admins"), Paths: words("/x/*")}),
		deny(policy.Rule{Addresses: networks("203.0.113.0/24")}),
	}})
	for _, test := range []struct {
		user *identity.User
		from netip.Addr
		want bool
	}{
		{nobody, here, false},
		{ada, here, true},
		{bob, here, false},
		{eve, here, false},
		{gone, here, false},
		{ada, netip.MustParseAddr("203.0.113.1"), false},
	} {
		if got := p.Admits(test.user, test.from); got != test.want {
			t.Errorf("%s from %s: %t, want %t", user(test.user), test.from, got, test.want)
		}
	}
	if !compile(t, policy.Rules{}).Admits(eve, here) {
		t.Error("without rules any signed-in user is admitted")
	}
}

func BenchmarkDecide(b *testing.B) {
	p := compile(b, policy.Rules{Public: words("/healthz", "/assets/*"), Rules: []policy.Rule{
		allow(policy.Rule{Groups: words("staff")}),
		deny(policy.Rule{Paths: words("/admin/*")}),
		deny(policy.Rule{Addresses: networks("203.0.113.0/24")}),
	}})
	f := get("/wiki/page/of/some/length")
	b.ReportAllocs()
	for b.Loop() {
		if p.Decide(bob, f).Verdict != policy.Allow {
			b.Fatal("denied")
		}
	}
}

// Where the app checks its callers itself nobody is anybody, and only what is closed for
// everybody is closed.
func TestOwnAuth(t *testing.T) {
	p := compile(t, policy.Rules{OwnAuth: words("/dav/*"), Public: words("/dav/*"), Rules: []policy.Rule{
		{Groups: words("staff")},
		{Deny: true, Users: words("bob")},
		{Deny: true, Paths: words("/dav/secret/*")},
	}})
	for _, u := range []*identity.User{nil, bob} {
		if d := p.Decide(u, get("/dav/x")); d.Verdict != policy.Allow || d.Identify || !d.Public {
			t.Errorf("%v: %+v", u, d)
		}
		if d := p.Decide(u, get("/dav//secret/x")); d.Verdict != policy.Deny {
			t.Errorf("%v: what is closed: %+v", u, d)
		}
		if d := p.Decide(u, get("/davx")); d.Verdict == policy.Allow {
			t.Errorf("%v: beside it: %+v", u, d)
		}
	}
	if !p.OwnAuth("/dav") || p.OwnAuth("/davx") || p.OwnAuth("//dav/x") {
		t.Error("another path than the one that is written")
	}
	if l := p.Explain(bob, get("/dav/x"))[0]; l.Text != "own_auth /dav/*" || !l.Fits {
		t.Errorf("explained as %+v", l)
	}
	if p.Version() == compile(t, policy.Rules{}).Version() {
		t.Error("it does not change the version")
	}
	if _, err := policy.Compile(policy.Rules{OwnAuth: words("/*.ics")}); err == nil {
		t.Error("a suffix is taken")
	}
}
