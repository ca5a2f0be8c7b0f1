// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// TestPathsAreWrittenAsInRules: what is an error in a rule is one here.
func TestPathsAreWrittenAsInRules(t *testing.T) {
	p, err := policy.CompilePaths("/poll", "/live/*")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"/poll": true, "/poll/": false, "/Poll": false, "/live": true, "/live/x/y": true, "/lively": false, "/": false,
	} {
		if got := p.Cover(path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	for _, path := range []string{"", "poll", "/*.css", "/a?b", "/../x"} {
		if _, err := policy.CompilePaths(path); err == nil {
			t.Errorf("%q is a path", path)
		}
	}
	if (policy.Paths{}).Cover("/") {
		t.Error("no path covers one")
	}
}
