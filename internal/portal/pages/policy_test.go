// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

const (
	policyStart = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'"
	policyEnd   = "; frame-ancestors 'none'; base-uri 'none'"
)

func TestPolicy(t *testing.T) {
	for _, test := range []struct {
		origins []string
		want    string
	}{
		{nil, ""},
		{[]string{"https://wiki.example.com"}, " https://wiki.example.com"},
		{[]string{"http://wiki.localhost:8080", "https://192.0.2.1"}, " http://wiki.localhost:8080 https://192.0.2.1"},
		{[]string{"https://[::1]:8443", "http://[2001:db8::1]"}, " https://*:8443 http://*"},
	} {
		if got, want := pages.Policy(test.origins...), policyStart+test.want+policyEnd; got != want {
			t.Errorf("%q:\n got %s\nwant %s", test.origins, got, want)
		}
	}
}

// An origin that is none must not add a directive, a keyword, a wildcard or a whole scheme to the policy.
func TestPolicyInjectionThroughAnOrigin(t *testing.T) {
	for _, origin := range []string{
		"", "*", "'unsafe-inline'", "https:", "https://", "https://a.example; script-src *", "https://a.example https://b.example",
		"https://a.example,b", "https://*.example.com", "javascript://a", "data:", "https://a.example/path", "https://a\r\nX: y",
		"https://ä.example", "https://u@a.example", "https://a.example/", "https://a.example:x", "https://[::1", "https://[]", "https://[*]",
		"https://[::1]x", "https://:443",
	} {
		if got := pages.Policy(origin); got != policyStart+policyEnd {
			t.Errorf("%q gets in: %s", origin, got)
		}
	}
}

// Whatever is given as an origin, the policy keeps its directives, and gains at most one source with a scheme.
func FuzzPolicy(f *testing.F) {
	f.Add("https://wiki.example.com")
	f.Add("https://a.example; script-src *")
	f.Add("http://[::1]:80\n")
	source := regexp.MustCompile(`^( https?://(\*|[A-Za-z0-9._-]+)(:[0-9]*)?)?$`)
	f.Fuzz(func(t *testing.T, origin string) {
		got, ok := strings.CutPrefix(pages.Policy(origin), policyStart)
		got, ended := strings.CutSuffix(got, policyEnd)
		if !ok || !ended || !source.MatchString(got) {
			t.Fatalf("policy %q", pages.Policy(origin))
		}
	})
}
