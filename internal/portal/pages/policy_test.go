// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
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
		{[]string{"http://wiki.localhost:8080", "https://[::1]:8443"}, " http://wiki.localhost:8080 https://[::1]:8443"},
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
		"https://ä.example", "https://u@a.example",
	} {
		if got := pages.Policy(origin); got != policyStart+policyEnd {
			t.Errorf("%q gets in: %s", origin, got)
		}
	}
}

// Whatever is given as an origin, the policy keeps its six directives and its one line.
func FuzzPolicy(f *testing.F) {
	f.Add("https://wiki.example.com")
	f.Add("https://a.example; script-src *")
	f.Add("http://[::1]:80\n")
	f.Fuzz(func(t *testing.T, origin string) {
		got := pages.Policy(origin)
		if got != policyStart+policyEnd && got != policyStart+" "+origin+policyEnd {
			t.Fatalf("policy %q", got)
		}
		for _, c := range got[len(policyStart) : len(got)-len(policyEnd)] {
			if c <= ' ' && c != ' ' || c == ';' || c == ',' || c == '*' || c == '\'' || c > '~' {
				t.Fatalf("%q in policy %q", c, got)
			}
		}
	})
}
