// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"pgregory.net/rapid"
)

var pages = []string{"/", "/page", "/a/page", "/a/b/page", "/a/b/"}

// TestAppsSeeWhatTheySet drives two browsers with the same people, pages and
// scripts. In the one, nothing stands between app and browser, and each person
// has a browser of their own; the other is shared, behind the gate. Apps and
// scripts must see no difference, as long as a person's bond lasts.
func TestAppsSeeWhatTheySet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var shared jar
		own := &jar{}
		who := ada
		shared.claim(who, landing)
		for step := range rapid.IntRange(1, 20).Draw(t, "steps") {
			page := rapid.SampledFrom(pages).Draw(t, "page")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				// Another person, or the same one after a logout: everything anew.
				who = tagger.Person(rapid.SampledFrom([]string{"ada", "bob"}).Draw(t, "who"), fmt.Sprint(step), origin)
				own = &jar{}
				shared.claim(who, landing)
				for _, page := range pages {
					shared.visit(who, page)
				}
			case 1:
				// Under one plain name there is room for one person only.
				shared.visit(nobody, page, setLine(t, "session", "")+"; HttpOnly")
			case 2:
				// A landing after an idle end changes nothing.
				shared.claim(who, landing)
			case 3, 4:
				// Below a path that no landing sees, the next owner would inherit what no app
				// has set; docs/decisions/0002 says so.
				name := rapid.SampledFrom([]string{"script", "readable"}).Draw(t, "name")
				shared.script(name, fmt.Sprint(step), "/")
				own.script(name, fmt.Sprint(step), "/")
			default:
				line := setLine(t, "session", "__Host-session", "", "readable")
				shared.visit(who, page, line)
				own.set(line, page)
			}
			compare(t, who, &shared, own)
		}
	})
}

// setLine draws what an app may set. Names tell who writes them: "session" comes
// with HttpOnly or without, "readable" is for scripts, and no cookie of the app is
// called "script".
func setLine(t *rapid.T, names ...string) string {
	name := rapid.SampledFrom(names).Draw(t, "name")
	line := name + "=" + rapid.StringMatching(`[a-z"]{1,4}`).Draw(t, "value")
	if name != "readable" && rapid.Bool().Draw(t, "http only") {
		line += "; HttpOnly"
	}
	line += rapid.SampledFrom([]string{"", "; Path=/", "; Path=/a", "; Path=/a/b/", "; Path=relative"}).Draw(t, "path")
	return line + rapid.SampledFrom([]string{"", "", "", "; Max-Age=0", "; Max-Age=60"}).Draw(t, "end")
}

func compare(t *rapid.T, who *appcookie.Tag, shared, own *jar) {
	for _, page := range pages {
		if got, want := ordered(shared.visit(who, page)), ordered(own.header(page).Get("Cookie")); got != want {
			t.Fatalf("cookies at %s: got %q, want %q", page, got, want)
		}
		for _, c := range shared.visible(page) {
			if strings.Contains(c.name, "~") {
				t.Fatalf("a script sees %q", c.name)
			}
		}
	}
}

// ordered sorts the cookies by name, and leaves those of one name in the order in
// which they came. That of different names follows from when each was made, which
// is not the same where a cookie changes its form.
func ordered(header string) string {
	pairs := strings.Split(header, "; ")
	slices.SortStableFunc(pairs, func(a, b string) int { return strings.Compare(nameOf(a), nameOf(b)) })
	return strings.Join(pairs, "; ")
}

func nameOf(pair string) string {
	name, _, ok := strings.Cut(pair, "=")
	if !ok {
		return ""
	}
	return name
}

// FuzzSetCookie: whatever an app sets, that person's app gets it back as it would
// without the gate, and nobody else's gets anything.
func FuzzSetCookie(f *testing.F) {
	for _, line := range []string{
		"SID=1; HttpOnly; Path=/", "csrftoken=1; Max-Age=100", "=x; HttpOnly", "x", "a=b; Domain=; Path=/x", "a~AA123456789=b",
		"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "\x00=\xff; HttpOnly", " a = \" b \" ;; HttpOnly =x", "~owner=1", "a=b;path=/x;PATH=/y",
	} {
		f.Add(line, "/x/y")
	}
	f.Fuzz(func(t *testing.T, line, page string) {
		if strings.ContainsAny(line, "\x00\r\n") || !strings.HasPrefix(page, "/") || strings.ContainsAny(page, "?#;\r\n ") {
			t.Skip("no server sends this")
		}
		var with, without jar
		without.set(line, page)
		if len(without.cookies) == 1 {
			// The browser's side of these is not what is tested.
			switch c := without.cookies[0]; {
			case strings.Contains(c.name+c.value, "~owner"), c.name == "" && strings.ContainsAny(c.value, "="), strings.Contains(c.name, "\t"):
				t.Skip("another cookie in the request than in the jar")
			}
		}
		with.visit(ada, page, line)
		if got, want := with.visit(ada, page), without.header(page).Get("Cookie"); got != want {
			t.Errorf("ada: got %q, want %q", got, want)
		}
		if got := with.visit(bob, page); got != "" {
			t.Errorf("bob: got %q", got)
		}
		if got := with.visit(nobody, page); got != "" {
			t.Errorf("nobody: got %q", got)
		}
	})
}

// FuzzCookieHeader: no header makes the code panic, nor lets through what it
// should not, and one without labels keeps its bytes.
func FuzzCookieHeader(f *testing.F) {
	var j jar
	j.visit(ada, "/", "SID=a; HttpOnly; Path=/", "csrftoken=c; Path=/")
	f.Add(j.header("/").Get("Cookie"), "/a/b")
	f.Add("a=b; ~owner=x; =; ;;; a~AA123456789=b; \"~\"=\x80", "/")
	f.Add("a~AA123456789~BA123456789=b; a~AA123456789=x", "/;/")
	f.Fuzz(func(t *testing.T, line, page string) {
		for _, tag := range []*appcookie.Tag{ada, bob, nobody} {
			h := http.Header{"Cookie": {line}}
			taken := tag.Take(h)
			left := h.Get("Cookie")
			if len(left) > len(line) {
				t.Errorf("%q has grown to %q", line, left)
			}
			if !strings.Contains(line, "~") && left != line {
				t.Errorf("%q has become %q", line, left)
			}
			if strings.Contains(line, "~owner") && strings.HasPrefix(left, "~owner=") {
				t.Errorf("the app sees the owner: %q", left)
			}
			answer := http.Header{"Set-Cookie": {line}}
			taken.Answer(answer, page, now)
			tag.Claim(http.Header{"Cookie": {line}}, answer, page, true)
			if len(answer["Set-Cookie"]) > 200 {
				t.Errorf("%d lines", len(answer["Set-Cookie"]))
			}
		}
	})
}
