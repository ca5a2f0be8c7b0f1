// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// accessToken makes a token for the wiki on the page of anna's account.
func (g *running) accessToken(b *http.Client) string {
	g.t.Helper()
	form := url.Values{"label": {"backup"}, "app": {"wiki"}, "days": {"7"}, "current": {"correct horse battery"}}
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.at("login", "/account/tokens"), strings.NewReader(form.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := b.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	token := regexp.MustCompile(`gatehouse_[A-Za-z0-9_.-]{66}`).FindString(string(page))
	if err != nil || token == "" {
		g.t.Fatalf("%s %v %s", answer.Status, err, page)
	}
	return token
}

// A person makes a token at the portal, and a script comes in by it, through a reload, until the operator disables the person; where the option is taken away, at once
// no more. Without the option nobody comes in by a token.
func TestAccessTokensInCaddy(t *testing.T) {
	g := serve(t)
	g.load("tokens on\nallow group staff")
	g.add()
	b := g.browser()
	g.signIn(b, "correct horse battery")
	token := g.accessToken(b)
	expect := func(when string, code int, holds string) {
		t.Helper()
		got, body := ask(t, g.port, "wiki.localhost", "/", "Authorization: Bearer "+token, "Accept: text/html")
		if got != code || !strings.Contains(body, holds) {
			t.Errorf("%s: %d %q, want %d", when, got, body, code)
		}
	}
	expect("at once", http.StatusOK, "the app, for anna")
	if code, _ := ask(t, g.port, "login.localhost", "/account", "Authorization: Bearer "+token); code != http.StatusSeeOther {
		t.Errorf("the portal: %d", code)
	}
	g.load("tokens on\nallow group staff\nkeep_authorization")
	expect("after a reload", http.StatusOK, "the app, for anna")
	g.load("tokens off\nallow group staff")
	if code, _ := ask(t, g.port, "wiki.localhost", "/", "Authorization: Bearer "+token); code != http.StatusUnauthorized {
		t.Errorf("without the option: %d", code)
	}
	g.load("tokens on\nallow group admins")
	expect("of another group", http.StatusForbidden, "may not do this")
	g.load("tokens on")
	g.do("POST", "users/disable", `{"name":"anna"}`, nil)
	expect("disabled", http.StatusUnauthorized, "not known")
	g.do("POST", "users/enable", `{"name":"anna"}`, nil)
	expect("enabled", http.StatusOK, "the app, for anna")
	g.do("POST", "users/remove", `{"name":"anna"}`, nil)
	expect("removed", http.StatusUnauthorized, "not known")
}
