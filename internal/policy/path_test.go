// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"errors"
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// Whatever an app may read as another path than the policy did is not forwarded
// (threat 8: oauth2-proxy GHSA-7rh7 and GHSA-pxq7, Oathkeeper GHSA-p224).
func TestCheckPathRefusesWhatAppsReadDifferently(t *testing.T) {
	for want, paths := range map[policy.PathError][]string{
		policy.ErrForm: {"", "*", "example.com:443", "admin", "/a?b", "/a#b"},
		policy.ErrDotSegment: {
			"/..", "/../", "/a/../b", "/a/..", "/.", "/./", "/a/./b", "/a/.", "//../x",
			"/%2e%2e/", "/%2E./x", "/.%2e/x", "/a/%2e", "/%2e/admin",
			"/..;/x", "/..;a=b;c/x", "/.;/x", "/%2e%2e;x/y", "/..%3b/x", "/a/..;", "/.. /x", "/..%20/x",
			"/a/%EF%BC%8E%EF%BC%8E/b", "/a/．/b", "/．．；x/b", "/a／..／b", "/a/‥/b", "/․․/x", "/a/.．＼b", "/%25EF%25BC%258E./x", "/﹒﹒/x",
			"/%252e%252e/x", "/%252e./x", "/..%253b/x", "/%25%32%65%25%32%65/x",
		},
		policy.ErrSlash:     {"/a%2fb", "/a%2Fb", "/..%2fadmin", "/%2f", "/a%252fb", "/%252F%252Fadmin"},
		policy.ErrBackslash: {`/a\b`, "/a%5cb", "/%5C", "/..%5cx", "/a%255cb"},
		policy.ErrControl:   {"/%00", "/a%00.css", "/a%0d%0ab", "/%09/x", "/%7f", "/a%2500", "/%c2%85", "/\x01"},
		policy.ErrOverlong:  {"/%c0%ae%c0%ae/", "/%c0%afadmin", "/%e0%80%af", "/%f0%80%80%af", "/%c1%9c", "/%25c0%25ae", "/%f8%80%80%80%af"},
		policy.ErrEscape:    {"/%", "/%2", "/%zz", "/%u002e", "/100%"},
		policy.ErrLayers:    {"/%25252e%25252e/x", "/%25252561"},
	} {
		for _, p := range paths {
			decoded, err := policy.CheckPath(p)
			var pathErr policy.PathError
			if !errors.As(err, &pathErr) || pathErr != want || decoded != "" {
				t.Errorf("%q: %q, %v; want %v", p, decoded, err, want)
			}
		}
	}
}

// Ordinary addresses of ordinary apps pass, with the path that the app will see.
func TestCheckPathPasses(t *testing.T) {
	for escaped, want := range map[string]string{
		"/":                          "/",
		"/index.php":                 "/index.php",
		"//x":                        "//x",
		"/a/;jsessionid=1/b":         "/a/;jsessionid=1/b",
		"/.well-known/x":             "/.well-known/x",
		"/.git/..a/a../...":          "/.git/..a/a../...",
		"/a...b/v1..v2":              "/a...b/v1..v2",
		"/caf%C3%A9/a%20b":           "/café/a b",
		"/caf%E9":                    "/caf\xe9",
		"/%C0":                       "/\xc0",
		"/100%25":                    "/100%",
		"/50%2525":                   "/50%25",
		"/what%3F%23":                "/what?#",
		"/a…/．x/Ｑ＆Ａ／b":               "/a…/．x/Ｑ＆Ａ／b",
		"/~u/@x:y/a+b,c=d!$&'()[]|":  "/~u/@x:y/a+b,c=d!$&'()[]|",
		"/wiki/Spezial:Suche;a;b=c/": "/wiki/Spezial:Suche;a;b=c/",
	} {
		got, err := policy.CheckPath(escaped)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", escaped, got, err, want)
		}
	}
}

// An ordinary path costs no memory.
func TestCheckPathAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _, _ = policy.CheckPath("/wiki/some/page.html") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What passes has one meaning for a decoder: no dot segment in any layer, no slash
// that was not one before, nothing invisible.
func FuzzCheckPath(f *testing.F) {
	for _, seed := range []string{"/", "/a/../b", "/%2e%2e", "/%252e%252e;x/", "/a%2fb", "/..;/", "/caf%E9", "/%c0%ae", "/100%2525", "*", "/%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		decoded, err := policy.CheckPath(escaped)
		if err != nil {
			var pathErr policy.PathError
			if !errors.As(err, &pathErr) || decoded != "" {
				t.Fatalf("%q: %q, %v", escaped, decoded, err)
			}
			return
		}
		if want, err := url.PathUnescape(escaped); err != nil || want != decoded {
			t.Fatalf("%q: %q, but decodes to %q, %v", escaped, decoded, want, err)
		}
		layer := decoded
		for range 4 {
			if strings.Count(layer, "/") != strings.Count(escaped, "/") || strings.ContainsFunc(layer, unicode.IsControl) || strings.Contains(layer, `\`) {
				t.Fatalf("%q: layer %q", escaped, layer)
			}
			for segment := range strings.SplitSeq(layer, "/") {
				segment, _, _ = strings.Cut(segment, ";")
				if segment == "." || segment == ".." {
					t.Fatalf("%q: dot segment in %q", escaped, layer)
				}
			}
			next, err := url.PathUnescape(layer)
			if err != nil {
				break
			}
			layer = next
		}
	})
}

// apps are ways in which real servers read a path.
var apps = map[string]func(string) string{
	"as it is":      func(p string) string { return p },
	"path.Clean":    path.Clean,
	"merged":        merge,
	"parameters":    parameters,
	"Tomcat":        func(p string) string { return path.Clean(parameters(p)) },
	"twice":         func(p string) string { return again(p) },
	"twice, merged": func(p string) string { return path.Clean(again(p)) },
	"twice, Tomcat": func(p string) string { return path.Clean(parameters(again(p))) },
	"as a URL":      authority,
	"compatible":    func(p string) string { return path.Clean(norm.NFKC.String(p)) },
	"query in path": func(p string) string { p, _, _ = strings.Cut(again(p), "?"); return path.Clean(p) },
}

func merge(p string) string {
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	return p
}

// authority is what PHP's parse_url and Node's URL make of a request's target.
func authority(p string) string {
	if u, err := url.Parse(p); err == nil && u.Host != "" {
		return path.Clean("/" + u.Path)
	}
	return p
}

func parameters(p string) string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return strings.Join(segments, "/")
}

func again(p string) string {
	if q, err := url.PathUnescape(p); err == nil {
		return q
	}
	return p
}

// No server reads a forwarded path into a folder that a deny rule closes, or out of
// one that is public (threats 8 and 46).
func FuzzNoAppReadsPastARule(f *testing.F) {
	for _, seed := range []string{"/admin/x", "//admin", "/admin;x/y", "/%2561dmin", "/admin%3fx", "/public/admin", "/public;/../admin", "/public//x", "/;/admin;", "/admin%2F", "//x/admin", "//x//admin;y", "/%EF%BD%81dmin", "/admin／x"} {
		f.Add(seed)
	}
	denied := compile(f, policy.Rules{Rules: []policy.Rule{deny(policy.Rule{Paths: words("/admin/*")})}})
	public := compile(f, policy.Rules{Public: words("/public/*")})
	inside := func(folder, p string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }
	f.Fuzz(func(t *testing.T, escaped string) {
		decoded, err := policy.CheckPath(escaped)
		if err != nil {
			return
		}
		isDenied := denied.Decide(ada, get(decoded)).Verdict == policy.Deny
		isPublic := public.Decide(nil, get(decoded)).Public
		for name, read := range apps {
			p := read(decoded)
			if inside("/admin", p) && !isDenied {
				t.Errorf("%q is read %s as %q and not denied", escaped, name, p)
			}
			if !inside("/public", p) && isPublic {
				t.Errorf("%q is read %s as %q and public", escaped, name, p)
			}
		}
	})
}

// The matcher agrees with a slow one that compares segment by segment.
func FuzzMatcher(f *testing.F) {
	for _, seed := range [][2]string{{"/a/*", "/a/b"}, {"/a", "/a"}, {"/*", "/"}, {"/a/b/*", "/a/bc"}, {"/", "/"}, {"/a/", "/a"}} {
		f.Add(seed[0], seed[1])
	}
	naive := func(pattern, p string) bool {
		want, got := strings.Split(pattern, "/"), strings.Split(p, "/")
		for i, w := range want {
			if w == "*" && i == len(want)-1 {
				return true
			}
			if i >= len(got) || got[i] != w {
				return false
			}
		}
		return len(want) == len(got)
	}
	f.Fuzz(func(t *testing.T, pattern, escaped string) {
		p, err := policy.Compile(policy.Rules{Public: words(pattern)})
		if err != nil {
			return
		}
		decoded, err := policy.CheckPath(escaped)
		if err != nil {
			return
		}
		got := p.Decide(nil, get(decoded)).Public
		if want := naive(pattern, decoded); got != want {
			t.Errorf("%q covers %q: %t, want %t", pattern, decoded, got, want)
		}
	})
}
