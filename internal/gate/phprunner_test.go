// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

const runnerKey = "0123456789abcdefghij"

func runs(a *gate.App) {
	a.PHPRunner = gate.PHPRunner{Keys: [][]byte{[]byte(runnerKey), []byte("old")}}
	a.Response.NoTokens = true
}

// runnerToken is a token that one of the app's keys has signed.
func runnerToken(t *testing.T) string {
	t.Helper()
	return must(keyring.SignPHPRunner([]byte("old"), keyring.PHPRunnerClaims{Username: "admin", Host: "wiki.example.com"}, time.Now()))
}

// Each GET of somebody signed in carries one token, before the app's own cookies, and
// nothing else does: not a POST, not a request of nobody.
func TestATokenIsOnEachGETAndNowhereElse(t *testing.T) {
	d := newGate(t, runs, public("/"), func(a *gate.App) { a.SharedCookies = true })
	_, token := d.signIn()
	cookies := func(edits ...func(*http.Request)) []string {
		t.Helper()
		return d.passed(ask(wiki+"/", edits...)).Request.Header["Cookie"]
	}
	own := with("Cookie", cookie+"="+token.Text()+"; PHPSESSID=x; token=forged; theme=dark")
	got := cookies(own)
	if len(got) != 1 || !strings.HasPrefix(got[0], "token=eyJ") || !strings.HasSuffix(got[0], "; PHPSESSID=x; theme=dark") || strings.Count(got[0], "token=") != 1 {
		t.Errorf("GET: %q", got)
	}
	for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodPut} {
		if got := cookies(own, by(method)); !cmp.Equal(got, []string{"PHPSESSID=x; theme=dark"}) {
			t.Errorf("%s: %q", method, got)
		}
	}
	if got := cookies(with("Cookie", "token=forged; 2ftoken=x; a=b")); !cmp.Equal(got, []string{"a=b"}) {
		t.Errorf("nobody: %q", got)
	}
}

// No spelling that PHP takes for the same name brings a token past the gate, in a cookie
// or in the query; what only looks like it stays.
func TestNobodyBringsATokenAlong(t *testing.T) {
	d := newGate(t, runs, public("/"), func(a *gate.App) { a.SharedCookies = true })
	forged := runnerToken(t)
	for _, name := range []string{"token", "2ftoken", "%74oken", "+token", "token%00", "%20token", "token[]", "%zz;token"} {
		p := d.passed(ask(wiki+"/", with("Cookie", "a=b; "+name+"="+forged, name+"="+forged)))
		if got := p.Request.Header["Cookie"]; strings.Contains(strings.Join(got, ""), forged) && name != "%zz;token" {
			t.Errorf("cookie %s: %q", name, got)
		}
	}
	for query, want := range map[string]string{
		"token=" + forged: "", "a=1&token=" + forged + "&b=2": "a=1&b=2", "%74oken=" + strings.ReplaceAll(forged, ".", "%2e"): "",
		"token%00x=" + forged: "", "token[]=" + forged: "", "a=1&+token=" + forged: "a=1",
		"token=reset.me.please": "token=reset.me.please", "mytoken=" + forged: "mytoken=" + forged, "q=a.b&x=%zz": "q=a.b&x=%zz",
	} {
		r := ask(wiki + "/")
		r.URL.RawQuery = query
		address := r.URL
		if got := d.passed(r).Request.URL.RawQuery; got != want {
			t.Errorf("%s becomes %s, want %s", query, got, want)
		}
		if address.RawQuery != query {
			t.Error("the address that others hold has changed")
		}
	}
}

// What the app would leave in the browser, to let it in without the gate, never gets
// there.
func TestTheAppsTokensDoNotLeave(t *testing.T) {
	d := newGate(t, runs, public("/"), func(a *gate.App) { a.SharedCookies = true })
	p := d.passed(ask(wiki + "/"))
	p.Writer.Header()["Set-Cookie"] = []string{"token=x; Path=/", "2ftoken=y", " token =z", "tokens=1", "theme=dark"}
	p.Writer.WriteHeader(http.StatusOK)
	if got := p.Writer.Header()["Set-Cookie"]; !cmp.Equal(got, []string{"tokens=1", "theme=dark"}) {
		t.Errorf("%q", got)
	}
}
