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
	for name, c := range map[string]struct {
		value  string
		fields bool
	}{
		"many": {"v", false}, "long": {strings.Repeat("v", 3000), false},
		"many over HTTP/2": {"v", true}, "long over HTTP/2": {strings.Repeat("v", 3000), true},
	} {
		t.Run(name, func(t *testing.T) {
			room := appcookie.Room{Bytes: 12 << 10, Fields: c.fields}
			var browser []string
			for answer := range 20 {
				var lines []string
				for i := range 1000 {
					lines = append(lines, fmt.Sprintf("c%d-%d=%s; Path=/; HttpOnly", answer, i, c.value))
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
			sent := len(strings.Join(browser, "; "))
			if c.fields {
				sent = 0
				for _, pair := range browser {
					sent += len("cookie") + len(pair) + 32
				}
			}
			if sent > room.Bytes {
				t.Errorf("the browser sends %d cookies of %d bytes", len(browser), sent)
			}
		})
	}
}

// What fits without a gate fits with it: hundreds of small cookies, and some as large as
// browsers keep them.
func TestCookiesThatFit(t *testing.T) {
	room := appcookie.Room{Bytes: 13 << 10}
	var small, large []string
	for i := range 500 {
		small = append(small, fmt.Sprintf("c%03d=0123456; Path=/", i))
	}
	for i := range 3 {
		large = append(large, fmt.Sprintf("c%d=%s; Path=/", i, strings.Repeat("v", 4090)))
	}
	for _, lines := range [][]string{small, large} {
		if _, left := appcookie.Fit(lines, "", room, time.Now()); left != 0 {
			t.Errorf("%d of %d cookies are left out", left, len(lines))
		}
	}
}

// Where there is no room any more, cookies that are there may change, shrink and go, and
// the host keeps its owner; what has gone makes room.
func TestAFullBrowserGoesOn(t *testing.T) {
	room := appcookie.Room{Bytes: 1 + 90 + 39 + 1 + 1 + 39, Fields: true}
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
