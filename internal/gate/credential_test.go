// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// injects gives an app accounts: one for staff, and another for everybody, if it has a
// password.
func injects(everybody string) func(*gate.App) {
	return func(a *gate.App) {
		a.Credentials = []gate.Credential{must(gate.NewCredential("clerk", "p:w ö", "staff", "helpers"))}
		if everybody != "" {
			a.Credentials = append(a.Credentials, must(gate.NewCredential("guest", everybody)))
		}
	}
}

// An app that wants a password gets that of its own account, the first that is for a
// group of the person; what the client sends in its place never arrives.
func TestAnAppGetsItsOwnPassword(t *testing.T) {
	d := newGate(t, injects("guest's"), named("", "off"))
	_, anna := d.signIn()
	bert := d.handOff(d.login(d.user("bert", "others")), wiki)
	basic := func(p *gate.Pass) string {
		user, password, _ := p.Request.BasicAuth()
		return user + " " + password
	}
	for range 2 {
		if got := basic(d.passed(ask(wiki+"/", holding(anna), with("Authorization", "Basic YWRtaW46eA==")))); got != "clerk p:w ö" {
			t.Errorf("anna comes as %q", got)
		}
		if got := basic(d.passed(ask(wiki+"/", holding(bert), with("Connection", "Authorization")))); got != "guest guest's" {
			t.Errorf("bert comes as %q", got)
		}
	}
}

// Whoever has no account is refused, with a line that says why: the app would ask for
// a password, which the gate does not let through.
func TestNobodyComesWithoutAnAccountOfTheApp(t *testing.T) {
	d := newGate(t, injects(""))
	bert := d.handOff(d.login(d.user("bert", "others")), wiki)
	d.answered(ask(wiki+"/", holding(bert)), http.StatusForbidden)
	if got := d.audit.last(); got != "denied: basic_auth: none is for a group of the user" {
		t.Errorf("audit: %q", got)
	}
}

// On a public path nobody comes with the app's password.
func TestNobodyIsGivenAPassword(t *testing.T) {
	d := newGate(t, public("/"), injects("guest's"))
	p := d.passed(ask(wiki+"/", with("Authorization", "Basic YWRtaW46eA==")))
	if got := p.Request.Header["Authorization"]; got != nil {
		t.Errorf("%q", got)
	}
}

// No verb prints an account, and no account is taken that would arrive as another.
func TestAnAccountIsNotShown(t *testing.T) {
	c := must(gate.NewCredential("clerk", "secret", "staff"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, v := range []any{c, &c, []gate.Credential{c}} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, "Basic") || strings.Contains(text, "clerk") {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
	for _, bad := range [][2]string{{"", "x"}, {"x", ""}, {"a:b", "x"}, {"a\n", "x"}, {"a", "x\r\ny"}} {
		if _, err := gate.NewCredential(bad[0], bad[1]); err == nil {
			t.Errorf("%q is taken", bad)
		} else if bad[1] != "" && strings.Contains(err.Error(), bad[1]+"y") {
			t.Errorf("%v shows the password", err)
		}
	}
}
