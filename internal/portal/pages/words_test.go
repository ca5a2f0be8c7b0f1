// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// Whoever waits as long as the page says is never too early.
func TestWaitIsRoundedUp(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  string
	}{
		{time.Millisecond, "in 1 second."},
		{1001 * time.Millisecond, "in 2 seconds."},
		{99 * time.Second, "in 99 seconds."},
		{100 * time.Second, "in 2 minutes."},
		{time.Hour, "in 60 minutes."},
		{101 * time.Minute, "in 2 hours."},
		{99 * time.Hour, "in 99 hours."},
		{168 * time.Hour, "in 7 days."},
	} {
		_, doc := render(t, pages.Unavailable{Site: gate, RetryAfter: test.after})
		if got := text(doc); !strings.Contains(got, test.want) {
			t.Errorf("%v: %q is not in %q", test.after, test.want, got)
		}
	}
}

func TestMonogram(t *testing.T) {
	for name, want := range map[string]string{
		"wiki": "W", "time sheets": "TS", "a-b c": "AB", "2nd level": "2L", "éclair": "É", "日本語": "日", "🦄": "🦄", "": "",
		" - x": "X", "İş": "İ",
	} {
		if got := (pages.App{Name: name}).Monogram(); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// Every colour that an app can get exists in the stylesheet, in the light and in the dark.
func TestHues(t *testing.T) {
	style := string(pages.Stylesheet().Body)
	for _, app := range manyApps(300) {
		class := ".hue-" + string(rune('0'+app.Hue())) + " {"
		if strings.Count(style, class) != 2 {
			t.Errorf("%q is in the stylesheet %d times", class, strings.Count(style, class))
		}
	}
}
