// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// Whatever cannot mean what its author hopes is refused, with the word and with
// what would be right.
func TestCompileRefuses(t *testing.T) {
	path := func(p string) policy.Rule { return policy.Rule{Deny: true, Paths: words(p)} }
	for _, test := range []struct {
		rule policy.Rule
		want []string
	}{
		{policy.Rule{}, words("for everybody", `"allow any"`)},
		{policy.Rule{Deny: true, Source: "Caddyfile:7"}, words("Caddyfile:7", `"deny any"`)},
		{policy.Rule{Any: true, Users: words("ada")}, words(`leave out`)},
		{policy.Rule{Users: words("")}, words(`user ""`)},
		{policy.Rule{Users: words(" ada")}, words(`user " ada"`)},
		{policy.Rule{Groups: words("staff,admins")}, words(`group "staff,admins"`, "by spaces")},
		{policy.Rule{Groups: words("")}, words(`group ""`)},
		{policy.Rule{Methods: words("get")}, words(`method "get"`, `write "GET"`)},
		{policy.Rule{Methods: words("GET,POST")}, words(`method "GET,POST"`, "by spaces")},
		{policy.Rule{Methods: words("TRACE")}, words(`method "TRACE"`, "never forwarded")},
		{policy.Rule{Addresses: networks("10.1.2.3/8")}, words("10.1.2.3/8", `write "10.0.0.0/8"`)},
		{policy.Rule{Addresses: []netip.Prefix{{}}}, words("address", "10.0.0.0/8")},
		{policy.Rule{Addresses: networks("::ffff:10.0.0.0/104")}, words(`"10.0.0.0"`)},
		{path(""), words(`path ""`, "/*")},
		{path("admin"), words(`write "/admin"`)},
		{path("/*.css"), words("suffix", "/admin.php/x.css")},
		{path("*.css"), words("suffix", "/admin.php/x.css")},
		{path("/static/*.css"), words(`"/static/*"`)},
		{path("/admin*"), words("only at the end")},
		{path("/a/*/b"), words(`"/a/*"`)},
		{path("*"), words("only at the end")},
		{path("//admin"), words("once")},
		{path("/admin//*"), words("once")},
		{path("/admin?x=1"), words("query")},
		{path("/a#b"), words("query")},
		{path("/a;b"), words("parameters")},
		{path(`/a\b`), words("backslash")},
		{path("/a%20b"), words("decoded")},
		{path("/a/../b"), words("never forwarded")},
		{path("/a/./*"), words("never forwarded")},
		{path("/a/.."), words("never forwarded")},
		{path("/a\x00b"), words("control")},
		{path("/\xff"), words("UTF-8")},
	} {
		_, err := policy.Compile(policy.Rules{Rules: []policy.Rule{test.rule}})
		if err == nil {
			t.Errorf("%s: accepted", test.rule.String())
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", test.rule.String(), err, want)
			}
		}
	}
	if _, err := policy.Compile(policy.Rules{Public: words("assets/*")}); err == nil || !strings.Contains(err.Error(), `public: path "assets/*"`) {
		t.Errorf("public: %v", err)
	}
}

// Equal rules have one version, wherever they were written, and every change makes
// another one: assertions are cached under it (threat 16).
func TestVersion(t *testing.T) {
	version := func(r policy.Rules) string { return compile(t, r).Version() }
	rule := policy.Rule{Groups: words("staff"), Source: "Caddyfile:3"}
	base := version(policy.Rules{Rules: []policy.Rule{rule}})
	moved := rule
	moved.Source = "Caddyfile:4"
	if got := version(policy.Rules{Rules: []policy.Rule{moved}}); got != base {
		t.Errorf("moved to another line: %s, want %s", got, base)
	}
	seen := map[string]bool{base: true}
	for _, r := range []policy.Rules{
		{},
		{Public: words("/*"), Rules: []policy.Rule{rule}},
		{Rules: []policy.Rule{{Groups: words("staff"), Deny: true}}},
		{Rules: []policy.Rule{{Users: words("staff")}}},
		{Rules: []policy.Rule{{Groups: words("staff"), Paths: words("/x")}}},
		{Rules: []policy.Rule{{Groups: words("staff"), Addresses: networks("10.0.0.0/8")}}},
	} {
		if v := version(r); seen[v] {
			t.Errorf("%+v has the version of other rules", r)
		} else {
			seen[v] = true
		}
	}
}

// Rules survive Caddy's JSON configuration unchanged.
func TestRulesAsJSON(t *testing.T) {
	want := policy.Rules{Public: words("/healthz"), Rules: []policy.Rule{
		{Deny: true, Groups: words("x"), Paths: words("/a/*"), Methods: words("PUT"), Addresses: networks("2001:db8::/32"), Source: "Caddyfile:1"},
		{Any: true},
	}}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got policy.Rules
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
}

// A rule is shown as it is written in a Caddyfile.
func TestRuleString(t *testing.T) {
	r := policy.Rule{Deny: true, Users: words("eve"), Groups: words("night shift"), Paths: words("/a", "/b/*"), Methods: words("PUT"), Addresses: networks("10.0.0.0/8")}
	want := `deny user eve group "night shift" path /a /b/* method PUT address 10.0.0.0/8`
	if got := r.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// An explanation shows every rule with the reason why it fits or not, and ends in
// what decides.
func TestExplain(t *testing.T) {
	p := compile(t, policy.Rules{Public: words("/assets/*"), Rules: []policy.Rule{
		{Groups: words("staff"), Source: "Caddyfile:5"},
		{Deny: true, Paths: words("/admin/*"), Source: "Caddyfile:6"},
		{Deny: true, Groups: words("admins"), Source: "Caddyfile:7"},
	}})
	want := []policy.Line{
		{Text: "public /assets/*", Why: "is for other paths"},
		{Text: "allow group staff", Source: "Caddyfile:5", Fits: true, Why: "fits"},
		{Text: "deny path /admin/*", Source: "Caddyfile:6", Fits: true, Why: "fits"},
		{Text: "deny group admins", Source: "Caddyfile:7", Why: "is for other users or groups"},
		{Text: "deny", Source: "Caddyfile:6", Fits: true, Why: "Caddyfile:6: deny path /admin/*", Decides: true},
	}
	if diff := cmp.Diff(want, p.Explain(bob, get("/admin//x"))); diff != "" {
		t.Error(diff)
	}
	lines := p.Explain(nil, get("/assets/x"))
	if last := lines[len(lines)-1]; last.Text != "allow without identity" || last.Why != "the path is public" {
		t.Errorf("last line: %+v", last)
	}
}
