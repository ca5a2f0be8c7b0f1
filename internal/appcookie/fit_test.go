// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
)

// An app that sets cookies without end locks nobody out (threat 41): what the browser
// then sends fits into what the server reads, however many answers the app has for it.
func TestCookiesWithoutEnd(t *testing.T) {
	for name, value := range map[string]string{"many": "v", "long": strings.Repeat("v", 3000)} {
		t.Run(name, func(t *testing.T) {
			const room = 12 << 10
			var browser []string
			for answer := range 20 {
				var lines []string
				for i := range 1000 {
					lines = append(lines, fmt.Sprintf("c%d-%d=%s; Path=/; HttpOnly", answer, i, value))
				}
				kept, left := appcookie.Fit(lines, strings.Join(browser, "; "), room, time.Now())
				if len(kept)+left != len(lines) || answer == 0 && len(kept) == 0 {
					t.Fatalf("answer %d: %d kept and %d left out of %d", answer, len(kept), left, len(lines))
				}
				for _, line := range kept {
					pair, _, _ := strings.Cut(line, ";")
					browser = append(browser, pair)
				}
			}
			sent := 0
			for _, pair := range browser {
				sent += len("cookie") + len(pair) + 32 // as HTTP/2 counts
			}
			if sent > room || len(browser) > 150 {
				t.Errorf("the browser sends %d cookies of %d bytes", len(browser), sent)
			}
		})
	}
}

// Where there is no room any more, cookies that are there may change, shrink and go, and
// the host keeps its owner; what has gone makes room.
func TestAFullBrowserGoesOn(t *testing.T) {
	const room = 1 + 90 + 39 + 1 + 1 + 39
	shown := "a=" + strings.Repeat("x", 90) + "; b=1"
	for _, c := range []struct {
		lines, want []string
	}{
		{[]string{"a=" + strings.Repeat("y", 90)}, []string{"a=" + strings.Repeat("y", 90)}},
		{[]string{"a=short; Path=/"}, []string{"a=short; Path=/"}},
		{[]string{"b=; Max-Age=0", "z=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, []string{"b=; Max-Age=0", "z=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}},
		{[]string{"c=1"}, nil},
		{[]string{"b=123"}, nil},
		{[]string{"a=; Max-Age=0", "c=1"}, []string{"a=; Max-Age=0", "c=1"}},
		{[]string{"c=1", "a=; Max-Age=0"}, []string{"a=; Max-Age=0"}},
		{[]string{"__Host-~owner=x.y; Path=/", "c=1"}, []string{"__Host-~owner=x.y; Path=/"}},
	} {
		kept, left := appcookie.Fit(slices.Clone(c.lines), shown, room, time.Now())
		if diff := cmp.Diff(c.want, kept); diff != "" || left != len(c.lines)-len(c.want) {
			t.Errorf("%q: %d left out, %s", c.lines, left, diff)
		}
	}
}
