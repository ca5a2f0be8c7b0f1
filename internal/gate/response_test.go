// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// An app cannot plant, overwrite or delete one of our cookies, however it spells
// the line (threat 41, cookie tossing).
func TestAppCannotSetOurCookies(t *testing.T) {
	for _, line := range []string{
		"__Host-gatehouse=x", "gatehouse=x; Path=/", "gatehouse=; Max-Age=0", "  gatehouse =x", "\tgatehouse\t=x", "gatehouse", "gatehouse;Path=/",
		"=gatehouse=x", " = gatehouse=x", "==gatehouse=x", "=__Host-gatehouse=x; Secure", "gatehouse=a=b", "gatehouse-browser=x",
		"__Host-gatehouse-browser=x; Secure; Path=/",
	} {
		h := http.Header{"Set-Cookie": {line, "app=1"}}
		new(gate.ResponseFilter).Filter(h)
		if diff := cmp.Diff([]string{"app=1"}, h["Set-Cookie"]); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
	h := http.Header{"Set-Cookie": {"gatehouse=x"}}
	new(gate.ResponseFilter).Filter(h)
	if diff := cmp.Diff(http.Header{}, h); diff != "" {
		t.Errorf("nothing but ours: %s", diff)
	}
}

// The app's own cookies arrive as they were set.
func TestAppKeepsItsOwnCookies(t *testing.T) {
	lines := []string{"sid=gatehouse; Path=/; HttpOnly", "a=", "x=gatehouse=y", "mygatehouse=1", "=novalue", "", "theme=dark; SameSite=None; Secure", "x=Domain; Path=/domain"}
	h := http.Header{"Set-Cookie": lines}
	new(gate.ResponseFilter).Filter(h)
	if diff := cmp.Diff(lines, h["Set-Cookie"]); diff != "" {
		t.Error(diff)
	}
}

// A cookie for other hosts becomes one of the app's own host, unless the operator
// allows it: it could be tossed into a sibling, or fill the portal's Cookie header
// until that answers 431 (threat 41).
func TestCookieDomainIsRemoved(t *testing.T) {
	for line, want := range map[string]string{
		"a=b; Domain=example.com":                      "a=b",
		"a=b; Path=/x; domain=.example.com; HttpOnly":  "a=b; Path=/x; HttpOnly",
		"a=b;\tDOMAIN = example.com ;Secure":           "a=b;Secure",
		"a=b; Domain=a.example; Path=/; Domain=.com":   "a=b; Path=/",
		"a=b; Domain; Secure":                          "a=b; Secure",
		"a=b; SameSite=Lax":                            "a=b; SameSite=Lax",
		"a=Domain=x; Path=/":                           "a=Domain=x; Path=/",
		"Domain=example.com":                           "Domain=example.com",
		`a="q; Domain=example.com; b"; Path=/`:         `a="q; b"; Path=/`,
		"a=b; Domain=example.com; Expires=Thu, 01 Jan": "a=b; Expires=Thu, 01 Jan",
	} {
		h := http.Header{"Set-Cookie": {line}}
		new(gate.ResponseFilter).Filter(h)
		if got := h.Get("Set-Cookie"); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
		h = http.Header{"Set-Cookie": {line}}
		(&gate.ResponseFilter{AllowCookieDomain: true}).Filter(h)
		if got := h.Get("Set-Cookie"); got != line {
			t.Errorf("allowed, %q: got %q", line, got)
		}
	}
	h := http.Header{"Set-Cookie": {"gatehouse=x; Domain=example.com"}}
	(&gate.ResponseFilter{AllowCookieDomain: true}).Filter(h)
	if len(h) != 0 {
		t.Errorf("allowed domain lets our cookie through: %v", h)
	}
}

// An app cannot sign people out of everything by clearing the site (threat 42).
func TestClearSiteData(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		h := http.Header{"Clear-Site-Data": {`"*"`}}
		(&gate.ResponseFilter{AllowClearSiteData: allowed}).Filter(h)
		if _, kept := h["Clear-Site-Data"]; kept != allowed {
			t.Errorf("allowed %t: kept %t", allowed, kept)
		}
	}
}

// What somebody who is signed in gets to see is not kept by a shared cache,
// whatever the app says (threat 45).
func TestGatedAnswersBecomePrivate(t *testing.T) {
	for name, test := range map[string]struct{ lines, want []string }{
		"nothing said":         {nil, []string{"private"}},
		"public":               {[]string{"public, max-age=600"}, []string{"private, max-age=600"}},
		"case":                 {[]string{"Public,S-MaxAge=9,MAX-AGE=1"}, []string{"private, MAX-AGE=1"}},
		"s-maxage":             {[]string{"s-maxage=600"}, []string{"private"}},
		"only revalidated":     {[]string{"no-cache"}, []string{"private, no-cache"}},
		"several lines":        {[]string{"max-age=1", "public"}, []string{"private, max-age=1"}},
		"contradiction":        {[]string{"private, public"}, []string{"private, private"}},
		"private in part":      {[]string{`private="Set-Cookie, X", max-age=5`}, []string{"private, max-age=5"}},
		"quoted comma":         {[]string{`no-cache="a, public", max-age=5`}, []string{`private, no-cache="a, public", max-age=5`}},
		"unbalanced quote":     {[]string{`x="a, private`}, []string{`private, x="a, private`}},
		"public in a value":    {[]string{`x="public"`}, []string{`private, x="public"`}},
		"no-store beside it":   {[]string{"no-store, s-maxage=1"}, []string{"private, no-store"}},
		"already private":      {[]string{"private, max-age=1"}, []string{"private, max-age=1"}},
		"already not stored":   {[]string{"No-Store"}, []string{"No-Store"}},
		"private on two lines": {[]string{"max-age=1", "private"}, []string{"max-age=1", "private"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if test.lines != nil {
				h["Cache-Control"] = test.lines
			}
			gate.MakePrivate(h)
			if diff := cmp.Diff(test.want, h["Cache-Control"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The headers by which a CDN is told otherwise than browsers go (RFC 9213).
func TestGatedAnswersSayNothingElseToCDNs(t *testing.T) {
	h := http.Header{"Cache-Control": {"private"}}
	for _, name := range []string{"Cdn-Cache-Control", "Cloudflare-Cdn-Cache-Control", "Surrogate-Control", "Edge-Control", "X-Accel-Expires"} {
		h.Set(name, "max-age=600")
	}
	gate.MakePrivate(h)
	if diff := cmp.Diff(http.Header{"Cache-Control": {"private"}}, h); diff != "" {
		t.Error(diff)
	}
}

// An answer in which nothing is wrong costs no memory and stays as it is.
func TestFilterAllocatesNothing(t *testing.T) {
	h := http.Header{
		"Set-Cookie":    {"sid=abc; Path=/; HttpOnly", "theme=dark"},
		"Cache-Control": {"no-store, no-cache, must-revalidate"},
		"Content-Type":  {"text/html"},
	}
	want := maps.Clone(h)
	var f gate.ResponseFilter
	if n := testing.AllocsPerRun(100, func() { f.Filter(h); gate.MakePrivate(h) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

// However a line is written, what is left sets no cookie of ours and names no
// other host, and a second look changes nothing.
func FuzzFilter(f *testing.F) {
	for _, line := range []string{"a=b; Domain=x", "=gatehouse=1", ";;;Domain", "gatehouse", "a=\"; domain=x\"", " = = gatehouse"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var filter gate.ResponseFilter
		h := http.Header{"Set-Cookie": {line}}
		filter.Filter(h)
		once := h.Values("Set-Cookie")
		for _, c := range once {
			if parsed, err := http.ParseSetCookie(c); err == nil && (parsed.Domain != "" || parsed.Name == "gatehouse" || parsed.Name == "__Host-gatehouse") {
				t.Errorf("%q leaves %q", line, c)
			}
		}
		filter.Filter(h)
		if diff := cmp.Diff(once, h.Values("Set-Cookie")); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	h := http.Header{
		"Set-Cookie":    {"sid=abc; Path=/; HttpOnly"},
		"Cache-Control": {"private, max-age=0"},
		"Content-Type":  {"text/html"}, "Content-Length": {"1234"}, "Date": {"x"}, "Etag": {"y"}, "Server": {"z"},
	}
	var f gate.ResponseFilter
	b.ReportAllocs()
	for b.Loop() {
		f.Filter(h)
		gate.MakePrivate(h)
	}
}
