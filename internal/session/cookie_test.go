// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/google/go-cmp/cmp"
)

var (
	https    = session.Cookies{Secure: true}
	embedded = session.Cookies{Secure: true, Embedded: true}
	plain    = session.Cookies{}
)

// TestOurCookiesNeverReachAnApp: whatever stands around them, however they are
// written and for whichever scheme, ours go, and all others keep their bytes and
// their order.
func TestOurCookiesNeverReachAnApp(t *testing.T) {
	x := session.NewToken(store.NewID(time.Now())).Text()
	for _, test := range []struct {
		name  string
		lines []string
		want  []string
		ok    bool
		twice bool
	}{
		{name: "none"},
		{name: "empty line", lines: []string{""}},
		{"others only", []string{"a=1; b=2"}, []string{"a=1; b=2"}, false, false},
		{"others untouched", []string{" a=1;;b=\"x y\" ;c;=d; ;"}, []string{" a=1;;b=\"x y\" ;c;=d; ;"}, false, false},
		{"alone", []string{"__Host-gatehouse=" + x}, nil, true, false},
		{"first", []string{"__Host-gatehouse=" + x + "; a=1; b=2"}, []string{"a=1; b=2"}, true, false},
		{"last", []string{"a=1; b=2; __Host-gatehouse=" + x}, []string{"a=1; b=2"}, true, false},
		{"between", []string{"a=1; __Host-gatehouse=" + x + "; b=2"}, []string{"a=1; b=2"}, true, false},
		{"between many", []string{"z=9; a=1; gatehouse=u; m=\"q\"; __Host-gatehouse=" + x + "; a=1;b=2"}, []string{"z=9; a=1; m=\"q\"; a=1;b=2"}, true, false},
		{"no blanks", []string{"a=1;__Host-gatehouse=" + x + ";b=2"}, []string{"a=1; b=2"}, true, false},
		{"many blanks", []string{"a=1; \t __Host-gatehouse \t=\t " + x + " \t; b=2"}, []string{"a=1; b=2"}, true, false},
		{"semicolons around", []string{";;__Host-gatehouse=" + x + ";;"}, nil, true, false},
		{"several lines", []string{"a=1", "__Host-gatehouse=" + x, "b=2; gatehouse=u"}, []string{"a=1", "b=2"}, true, false},
		{"both schemes and browser", []string{"gatehouse=u; gatehouse-browser=v; __Host-gatehouse-browser=w; __Host-gatehouse=" + x}, nil, true, false},
		{"no equals sign", []string{"a=1; __Host-gatehouse; gatehouse; b"}, []string{"a=1; b"}, false, false},
		{"no value", []string{"__Host-gatehouse="}, nil, false, false},
		{"quoted", []string{`__Host-gatehouse="` + x + `"`}, nil, false, false},
		{"equals signs", []string{"__Host-gatehouse==" + x}, nil, false, false},
		{"malformed", []string{"a=1; __Host-gatehouse=" + strings.Repeat("A", 8<<10)}, []string{"a=1"}, false, false},
		{"the other scheme's only", []string{"a=1; gatehouse=" + x}, []string{"a=1"}, false, false},
		{"twice in a line", []string{"__Host-gatehouse=" + x + "; a=1; __Host-gatehouse=" + x}, []string{"a=1"}, false, true},
		{"twice in two lines", []string{"__Host-gatehouse=" + x, "__Host-gatehouse=" + x}, nil, false, true},
		{"tossed beside a good one", []string{"__Host-gatehouse=; __Host-gatehouse=" + x}, nil, false, true},
		{"names like ours", []string{"gatehouse2=1; __Host-gatehouse-=2; xgatehouse=3; GATEHOUSE=4; gatehouse-browser-browser=5; a=gatehouse=" + x},
			[]string{"gatehouse2=1; __Host-gatehouse-=2; xgatehouse=3; GATEHOUSE=4; gatehouse-browser-browser=5; a=gatehouse=" + x}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := http.Header{}
			if test.lines != nil {
				h["Cookie"] = test.lines
			}
			got := https.Take(h)
			if diff := cmp.Diff(test.want, h["Cookie"]); diff != "" {
				t.Errorf("left for the app (-want +got):\n%s", diff)
			}
			if _, present := h["Cookie"]; present && test.want == nil {
				t.Error("an empty Cookie header is left")
			}
			if got.OK != test.ok || got.Twice != test.twice {
				t.Errorf("OK %v, Twice %v; want %v, %v", got.OK, got.Twice, test.ok, test.twice)
			}
			if test.ok && got.Token.Text() != x || !test.ok && got.Token != (session.Token{}) {
				t.Errorf("took another token than came")
			}
		})
	}
}

// TestPlainHostReadsItsOwnName: on plain http the name has no prefix, and a
// `__Host-` cookie there cannot be a browser's.
func TestPlainHostReadsItsOwnName(t *testing.T) {
	token := session.NewToken(store.NewID(time.Now()))
	h := http.Header{"Cookie": {"__Host-gatehouse=" + session.NewNonce().Text() + "; gatehouse=" + token.Text()}}
	if got := plain.Take(h); !got.OK || got.Token != token {
		t.Errorf("took %v, want %v", got, token)
	}
	if _, left := h["Cookie"]; left {
		t.Error("a cookie of ours is left")
	}
}

// FuzzTake: nothing that a reader of the header would take for a cookie of ours is
// left, no cookie of others is lost, and there is at most one line for each.
func FuzzTake(f *testing.F) {
	f.Add("a=1; __Host-gatehouse=x; b=2", "gatehouse=y")
	f.Add(";;gatehouse;=;gatehouse=gatehouse", "")
	f.Add("gatehouse=1;a;gatehouse-browser;b;__Host-gatehouse\t=;c", " ")
	f.Fuzz(func(t *testing.T, one, two string) {
		want := append(foreign(one), foreign(two)...)
		h := http.Header{"Cookie": {one, two}}
		https.Take(h)
		var got []string
		for _, line := range h["Cookie"] {
			got = append(got, pairs(line)...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q and %q (-want +got):\n%s", one, two, diff)
		}
	})
}

// pairs is the plainest reading of a Cookie header.
func pairs(line string) (pairs []string) {
	for _, pair := range strings.Split(line, ";") {
		if pair = strings.Trim(pair, " \t"); pair != "" {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

func foreign(line string) (foreign []string) {
	for _, pair := range pairs(line) {
		name, _, _ := strings.Cut(pair, "=")
		if !session.Ours(strings.TrimRight(name, " \t")) {
			foreign = append(foreign, pair)
		}
	}
	return foreign
}

// TestCookieAttributes: a cookie of ours goes to one host only, is out of reach of
// scripts, and does not travel with what other sites post.
func TestCookieAttributes(t *testing.T) {
	token := session.NewToken(store.NewID(time.Now()))
	for _, test := range []struct {
		name  string
		write func(http.Header)
		want  string
	}{
		{"set on https", func(h http.Header) { https.Set(h, token) },
			"__Host-gatehouse=" + token.Text() + "; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"set on plain http", func(h http.Header) { plain.Set(h, token) },
			"gatehouse=" + token.Text() + "; Path=/; HttpOnly; SameSite=Lax"},
		{"clear on https", https.Clear,
			"__Host-gatehouse=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{"clear on plain http", plain.Clear,
			"gatehouse=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"},
		{"clear on a host that is not embedded any more", https.ClearTwice,
			"__Host-gatehouse=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax\n" +
				"__Host-gatehouse=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned"},
		{"set on an embedded host", func(h http.Header) { embedded.Set(h, token) },
			"__Host-gatehouse=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax\n" +
				"__Host-gatehouse=" + token.Text() + "; Path=/; HttpOnly; Secure; SameSite=None; Partitioned"},
		{"clear on an embedded host", embedded.Clear,
			"__Host-gatehouse=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax\n" +
				"__Host-gatehouse=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned"},
		{"twice on plain http", plain.ClearTwice,
			"gatehouse=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"},
		{"browser", func(h http.Header) { https.SetBrowser(h, "abc_-1") },
			"__Host-gatehouse-browser=abc_-1; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax"},
	} {
		h := http.Header{"Set-Cookie": {"app=1"}}
		test.write(h)
		if diff := cmp.Diff("app=1\n"+test.want, strings.Join(h["Set-Cookie"], "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestTwoBrowserCookiesAreNone: which of two is ours cannot be known.
func TestTwoBrowserCookiesAreNone(t *testing.T) {
	for line, want := range map[string]string{
		"":                               "",
		"__Host-gatehouse-browser=a":     "a",
		"gatehouse-browser=a":            "",
		"b=1;__Host-gatehouse-browser=a": "a",
		"__Host-gatehouse-browser=a; __Host-gatehouse-browser=b": "",
	} {
		r := &http.Request{Header: http.Header{"Cookie": {line}}}
		if got := https.Browser(r); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

// TestTakeAllocates holds what a warm request may cost: nothing where ours is alone
// or at an end, one copy where others stand on both sides, however many are ours.
func TestTakeAllocates(t *testing.T) {
	h := http.Header{}
	lines := make([]string, 1)
	for line, want := range cookieLines() {
		got := testing.AllocsPerRun(100, func() {
			lines[0] = line
			h["Cookie"] = lines
			https.Take(h)
		})
		if got > want {
			t.Errorf("%.40q…: %v allocations, want %v", line, got, want)
		}
	}
}

func cookieLines() map[string]float64 {
	x := session.NewToken(store.NewID(time.Now())).Text()
	return map[string]float64{
		"__Host-gatehouse=" + x:                                                            0,
		"__Host-gatehouse=" + x + "; theme=dark; lang=de":                                  0,
		"theme=dark; lang=de; __Host-gatehouse=" + x:                                       0,
		"theme=dark; __Host-gatehouse=" + x + "; lang=de":                                  1,
		"theme=dark; gatehouse=u; lang=de; __Host-gatehouse=" + x + "; a=1; gatehouse; b=": 1,
	}
}

func BenchmarkTake(b *testing.B) {
	x := session.NewToken(store.NewID(time.Now())).Text()
	for name, line := range map[string]string{
		"alone":   "__Host-gatehouse=" + x,
		"end":     "theme=dark; lang=de; __Host-gatehouse=" + x,
		"between": "theme=dark; __Host-gatehouse=" + x + "; lang=de",
		"others":  "theme=dark; lang=de",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			h := http.Header{}
			lines := make([]string, 1)
			for b.Loop() {
				lines[0] = line
				h["Cookie"] = lines
				https.Take(h)
			}
		})
	}
}
