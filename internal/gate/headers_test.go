// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

func defaultHeaders() gate.Headers {
	return gate.Headers{
		JWT: "X-Gatehouse-Jwt", User: "Remote-User", Name: "Remote-Name", Email: "Remote-Email", Groups: "Remote-Groups",
		Separator: ",",
	}
}

func lines(hs gate.Headers, u *identity.User) map[string]string {
	names, values := hs.Lines(u, "a.b.c")
	m := map[string]string{}
	for i, name := range names {
		m[name] = values[i]
	}
	return m
}

// An app learns who somebody is in one line for each name, as raw UTF-8.
func TestHeaderLines(t *testing.T) {
	u := &identity.User{Name: "zoë", FullName: "Zoë Müller", Email: "zoe@example.com", Groups: []string{"staff", "büro"}}
	for name, test := range map[string]struct {
		headers gate.Headers
		want    map[string]string
	}{
		"default": {defaultHeaders(), map[string]string{
			"X-Gatehouse-Jwt": "a.b.c", "Remote-User": "zoë", "Remote-Name": "Zoë Müller", "Remote-Email": "zoe@example.com", "Remote-Groups": "staff,büro",
		}},
		"renamed and off": {gate.Headers{User: "X-Erp-User", Groups: "X-Erp-Groups", Separator: "|"}, map[string]string{
			"X-Erp-User": "zoë", "X-Erp-Groups": "staff|büro",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, lines(test.headers, u)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// No text of a person makes a second line, and no control character arrives
// (threat 6).
func TestDisplayNameCannotMakeAHeader(t *testing.T) {
	u := &identity.User{Name: "eve", FullName: " Eve\r\nRemote-User: admin\x00\u0085\u2028\x7f\xff ", Email: "e\t@x"}
	want := map[string]string{
		"X-Gatehouse-Jwt": "a.b.c", "Remote-User": "eve", "Remote-Name": "EveRemote-User: admin\uFFFD", "Remote-Email": "e@x",
	}
	if diff := cmp.Diff(want, lines(defaultHeaders(), u)); diff != "" {
		t.Error(diff)
	}
}

// What an app decides by is sent as it is or not at all: "adm\x00ins" must not
// become "admins", nor one group two.
func TestCleaningNeverMakesAnotherGroupOrUser(t *testing.T) {
	u := &identity.User{Name: "ad\x00min", Groups: []string{"adm\x00ins", "a,admins", "b|c", "", " staff", "staff", "x\xff"}}
	want := map[string]string{"X-Gatehouse-Jwt": "a.b.c", "Remote-Groups": "staff"}
	if diff := cmp.Diff(want, lines(defaultHeaders(), u)); diff != "" {
		t.Error(diff)
	}
}

// Names lists exactly what must not come from a client.
func TestHeaderNames(t *testing.T) {
	hs := defaultHeaders()
	hs.Email = ""
	if diff := cmp.Diff([]string{"X-Gatehouse-Jwt", "Remote-User", "Remote-Name", "Remote-Groups"}, hs.Names()); diff != "" {
		t.Error(diff)
	}
}

// A header that only this app reads, a role for example, comes from nobody: not in
// another spelling, not on a public path, and no client has the proxy delete ours by it.
func TestAForgedRoleNeverArrives(t *testing.T) {
	d := newGate(t, public("/"), func(a *gate.App) { a.Strip = []string{"X-Webauth-Role"} })
	for _, name := range []string{"X-Webauth-Role", "X_webauth_role", "x.WEBAUTH-role", "X-Webauth_Role"} {
		p := d.passed(ask(wiki+"/", with(name, "Admin"), with("Connection", "close, "+name)))
		if got := p.Request.Header[name]; got != nil {
			t.Errorf("%s: %q arrives", name, got)
		}
		if got := p.Request.Header.Get("Connection"); got != "close" {
			t.Errorf("%s: Connection %q", name, got)
		}
	}
}
