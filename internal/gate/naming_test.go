// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// named makes an app know people in another way.
func named(userAs string, groups ...string) func(*gate.App) {
	return func(a *gate.App) { a.Naming = must(gate.ParseNaming(userAs, groups...)) }
}

// Each app has its own name for a person, who stays the same for us: the policy
// decides on the name that they sign in with, `sub` does not change, and headers and
// assertion say the same.
func TestAnAppKnowsAPersonByItsOwnName(t *testing.T) {
	for userAs, want := range map[string]string{
		"": "anna", "name": "anna", "lower": "anna", "email": "anna@example.com", "attr:erp_id": "4711",
	} {
		d := newGate(t, named(userAs), ruled(policy.Rules{Rules: []policy.Rule{{Users: []string{"anna"}}}}))
		d.set(local.Edit{Attributes: map[string]string{"erp_id": "4711"}})
		_, token := d.signIn()
		p := d.passed(ask(wiki+"/", holding(token), with("Remote-User", "admin")))
		claims := d.verify(p)
		if got := p.Request.Header.Get("Remote-User"); got != want || claims.Name != want || p.Told.Name != want {
			t.Errorf("user_as %s: header %q, assertion %q, told %q, want %q", userAs, got, claims.Name, p.Told.Name, want)
		}
		if claims.Subject != d.anna.ID || p.User.Name != "anna" {
			t.Errorf("user_as %s: %q is %s, want anna", userAs, claims.Subject, p.User.Name)
		}
	}
}

// An old system may have names in capitals; `lower` is for apps that do not.
func TestLowerCase(t *testing.T) {
	n := must(gate.ParseNaming("lower"))
	if told, err := n.Of(&identity.User{Name: "ÄNNA"}); err != nil || told.Name != "änna" {
		t.Errorf("got %v, %v", told, err)
	}
}

// Whoever lacks what the app knows people by is refused, with a line that says what
// is missing: without a name the app would take them for nobody, or for whoever was
// there before. It counts at the next request when the attribute is set or removed.
func TestAPersonWithoutANameForTheAppIsRefused(t *testing.T) {
	d := newGate(t, named("attr:erp_id"))
	_, token := d.signIn()
	refused := func() {
		t.Helper()
		d.answered(ask(wiki+"/", holding(token)), http.StatusForbidden)
		if got := d.audit.last(); got != "denied: user_as attr:erp_id: the user has none" {
			t.Errorf("audit: %q", got)
		}
	}
	refused()
	d.set(local.Edit{Attributes: map[string]string{"erp_id": "4711"}})
	if got := d.passed(ask(wiki+"/", holding(token))).Request.Header.Get("Remote-User"); got != "4711" {
		t.Errorf("got %q", got)
	}
	d.set(local.Edit{Attributes: map[string]string{"erp_id": ""}})
	refused()
}

// On a public path nobody needs a name. Whoever has none goes on as nobody does, and
// the answer is the app's alone.
func TestAPersonWithoutANameIsNobodyOnPublicPaths(t *testing.T) {
	d := newGate(t, public("/"), named("attr:erp_id"))
	_, token := d.signIn()
	p := d.passed(ask(wiki+"/", holding(token), with("Remote-User", "4711")))
	for name := range p.Request.Header {
		t.Errorf("%s arrives", name)
	}
	if p.User != nil || p.Told != nil || p.Session != nil {
		t.Error("the app is told of a session")
	}
	p.Writer.Header().Set("Cache-Control", "public, max-age=60")
	p.Writer.WriteHeader(http.StatusOK)
	if got := p.Writer.Header()["Cache-Control"]; !cmp.Equal(got, []string{"public, max-age=60"}) {
		t.Errorf("Cache-Control %q", got)
	}
}

// Of many groups an app is told those that concern it, in headers and assertion; the
// policy still decides on all.
func TestAnAppIsToldOfItsOwnGroups(t *testing.T) {
	d := newGate(t, named("", "wiki-*", "*-readers", "staff"), ruled(policy.Rules{Rules: []policy.Rule{{Groups: []string{"group-299"}}}}))
	groups := []string{"staff", "staffers", "wiki-editors", "wikis", "all-readers", "readers"}
	for i := range 300 {
		groups = append(groups, fmt.Sprintf("group-%d", i))
	}
	d.set(local.Edit{Groups: &groups})
	_, token := d.signIn()
	p := d.passed(ask(wiki+"/", holding(token)))
	if got := p.Request.Header.Get("Remote-Groups"); got != "staff,wiki-editors,all-readers" {
		t.Errorf("Remote-Groups %q", got)
	}
	if got := d.verify(p).Groups; !cmp.Equal(got, []string{"staff", "wiki-editors", "all-readers"}) {
		t.Errorf("groups %q", got)
	}
	if !cmp.Equal(p.User.Groups, groups) {
		t.Error("the person has lost groups")
	}
	d.reload(named("", "off"))
	p = d.passed(ask(wiki+"/", holding(token)))
	if got := p.Request.Header["Remote-Groups"]; got != nil || len(d.verify(p).Groups) != 0 {
		t.Errorf("%q is sent", got)
	}
}

// A line that is too long for common servers never leaves, nor does a part of it: an
// app may have groups that take something away. The refusal says what to do.
func TestTooManyGroupsOverflowNoHeader(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	groups := func(n int, name string) *[]string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf("%s%03d", name, i)
		}
		return &all
	}
	d.set(local.Edit{Groups: groups(300, "department-")})
	if got := d.passed(ask(wiki+"/", holding(token))).Request.Header.Get("Remote-Groups"); strings.Count(got, ",") != 299 {
		t.Errorf("300 groups of 14 bytes: %d arrive", strings.Count(got, ",")+1)
	}
	d.set(local.Edit{Groups: groups(600, "department-")})
	d.answered(ask(wiki+"/", holding(token)), http.StatusForbidden)
	if got := d.audit.last(); !strings.Contains(got, "X-Gatehouse-Jwt") || !strings.Contains(got, "send_groups") {
		t.Errorf("audit: %q", got)
	}
	d.reload(named("", "department-00*"))
	if got := d.passed(ask(wiki+"/", holding(token))).Request.Header.Get("Remote-Groups"); strings.Count(got, ",") != 9 {
		t.Errorf("Remote-Groups %q", got)
	}
}

// A word that cannot be meant is refused.
func TestNamings(t *testing.T) {
	for _, bad := range [][]string{
		{"attr:"}, {"attr: x"}, {"mail"}, {"", ""}, {"", "a,b"}, {"", "a|b"}, {"", "a\nb"}, {"", "off", "staff"},
	} {
		if _, err := gate.ParseNaming(bad[0], bad[1:]...); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// A star stands for any text, and nothing else stands for anything but itself.
func TestGroupPatterns(t *testing.T) {
	for _, test := range []struct {
		pattern, group string
		want           bool
	}{
		{"staff", "staff", true}, {"staff", "Staff", false}, {"staff", "staffers", false},
		{"*", "", true}, {"*", "a/b", true}, {"wiki-*", "wiki-", true}, {"wiki-*", "a-wiki-b", false},
		{"*-ro", "wiki-ro", true}, {"*-ro", "wiki-rob", false}, {"a*a", "a", false}, {"a*a", "aa", true},
		{"cn=*,ou", "cn=x", false}, {"a*b*c", "axbxbxc", true}, {"a*b*c", "acb", false}, {"a?", "ab", false}, {"[ab]", "a", false},
	} {
		if got := gate.GroupPattern(test.pattern).Covers(test.group); got != test.want {
			t.Errorf("%q covers %q: %v", test.pattern, test.group, got)
		}
	}
}

// Apps that do not read UTF-8 get it encoded; separators stay what they are.
func TestEncodings(t *testing.T) {
	u := &identity.User{Name: "zoë", FullName: "Zoë Müller", Email: "zoe@example.com", Groups: []string{"staff", "büro 1"}}
	for encoding, want := range map[gate.Encoding]map[string]string{
		gate.EncodeMIME: {
			"X-Gatehouse-Jwt": "a.b.c", "Remote-User": "=?UTF-8?B?em/Dqw==?=", "Remote-Name": "=?UTF-8?B?Wm/DqyBNw7xsbGVy?=",
			"Remote-Email": "zoe@example.com", "Remote-Groups": "staff,=?UTF-8?B?YsO8cm8gMQ==?=",
		},
		gate.EncodePercent: {
			"X-Gatehouse-Jwt": "a.b.c", "Remote-User": "zo%C3%AB", "Remote-Name": "Zo%C3%AB%20M%C3%BCller",
			"Remote-Email": "zoe@example.com", "Remote-Groups": "staff,b%C3%BCro%201",
		},
	} {
		hs := defaultHeaders()
		hs.Encoding = encoding
		if diff := cmp.Diff(want, lines(hs, u)); diff != "" {
			t.Errorf("%s: %s", encoding, diff)
		}
	}
}

// A name that is written like an encoded one is not decoded into another's
// (`=?utf-8?q?admin?=`, `%61dmin`): whatever the text, it is the same when decoded,
// and fits into header lines.
func FuzzEncodings(f *testing.F) {
	for _, text := range []string{"anna", "zoë", "=?utf-8?q?admin?=", "%61dmin", "a+b c", strings.Repeat("ü", 60), "x" + strings.Repeat("日本", 40), "=?"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n") {
			t.Skip()
		}
		encoded := gate.EncodeMIME.Encode(text)
		for word := range strings.SplitSeq(encoded, " ") {
			if strings.HasPrefix(word, "=?UTF-8?B?") && len(word) > 75 {
				t.Errorf("a word has %d characters", len(word))
			}
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(encoded); err != nil || got != text {
			t.Errorf("mime: %q becomes %q, %v", text, got, err)
		}
		percent := gate.EncodePercent.Encode(text)
		if got, err := url.QueryUnescape(percent); err != nil || got != text {
			t.Errorf("percent: %q becomes %q, %v", text, got, err)
		}
		if strings.ContainsAny(percent, " ,|;") {
			t.Errorf("percent: %q separates", percent)
		}
	})
}

// set changes anna.
func (d *door) set(e local.Edit) {
	d.tb.Helper()
	_, err := d.house.Users.Set(d.tb.Context(), "anna", e)
	d.must(err)
}
