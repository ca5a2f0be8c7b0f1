// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The addresses of Caddyfile.example, as the browsers of the tests write them.
const (
	exampleLogin   = "http://login.localhost"
	exampleWiki    = "http://wiki.localhost"
	exampleTickets = "http://tickets.localhost"
)

// TestExample is README's first command, as a newcomer meets it: no user, a link
// that makes the first account, two apps that know the person, and a sign-out that
// counts in both.
func TestExample(t *testing.T) {
	g := prepare(t)
	ports := example(t, g)
	g.portal = ports(exampleLogin)
	g.run()
	b := g.browser(t)
	p := b.firstAccount(t, g)
	for name, address := range map[string]string{"wiki": ports(exampleWiki), "tickets": ports(exampleTickets)} {
		b.arriveKnown(address + "/page?q=1")
		got := b.sample(address + "/page?q=1")
		if got.App != name || got.User != p.name || got.Path != "/page?q=1" || !got.Verified {
			t.Errorf("%s has received %+v", name, got)
		}
		if got.Assertion.Claims.Audience != name || got.Assertion.Claims.Name != p.name {
			t.Errorf("%s: the assertion says %+v", name, got.Assertion.Claims)
		}
	}
	b.signOut(ports(exampleTickets))
	b.mustBeOut(ports(exampleTickets) + "/")
	b.mustBeOut(ports(exampleWiki) + "/")
	g.restart(syscall.SIGTERM)
	b.arrive(p, ports(exampleWiki)+"/page")
	if _, err := os.Stat(filepath.Join(g.dir, "gatehouse-data", "gatehouse.db")); err != nil {
		t.Errorf("state is not where the file says: %v", err)
	}
}

// example gives the gateway Caddyfile.example, on ports of its own, and returns
// what puts the port into an address.
func example(t *testing.T, g *gateway) func(string) string {
	t.Helper()
	text, err := os.ReadFile("../Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range []string{":8080", ":8081", ":8082"} {
		own := fmt.Sprintf(":%d", freePort(t))
		if port == ":8080" {
			own = fmt.Sprintf(":%d", g.http)
		}
		text = []byte(strings.ReplaceAll(string(text), port, own))
	}
	changed := strings.Replace(string(text), "\n{\n", "\n{\n\tadmin unix/"+g.socket+"\n", 1)
	if err := os.WriteFile(g.config, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(address string) string { return fmt.Sprintf("%s:%d", address, g.http) }
}

// firstAccount opens the set-up link, which the log leads to, and makes the first
// account. Whoever comes after finds no second one.
func (b *browser) firstAccount(t *testing.T, g *gateway) person {
	t.Helper()
	link := g.setupLink(t)
	form := b.open(link).end()
	if form.status != http.StatusOK {
		t.Fatalf("%d\n%s", form.status, form.body)
	}
	p := person{"ada", "a good password of ada"}
	g.secrets.add("password", p.password)
	answers := url.Values{"token": {form.hidden("token")}, "username": {p.name}, "name": {"Ada"}, "email": {""}, "password": {p.password}}
	w := b.send(origin(form.url)+"/setup", answers)
	if w.end().status != http.StatusOK || w.end().url.Path != "/" {
		t.Fatalf("no account:\n%s%s", w, w.end().body)
	}
	g.eventually("the file with the link is gone", func() bool {
		links, err := filepath.Glob(filepath.Join(g.dir, "gatehouse-data", "*setup*"))
		return err == nil && len(links) == 0
	})
	late := g.browser(t)
	answers.Set("username", "eve")
	if at := late.open(link).end(); at.status != http.StatusGone {
		t.Errorf("the link is answered %d a second time", at.status)
	}
	if at := late.send(origin(form.url)+"/setup", answers).end(); at.status != http.StatusGone {
		t.Errorf("a second first account is answered %d", at.status)
	}
	return p
}

// setupLink reads the link from the file that the log names. Nobody else may
// read it, and it is not in the log itself.
func (g *gateway) setupLink(t *testing.T) string {
	t.Helper()
	var file string
	g.eventually("the log names the file with the set-up link", func() bool {
		for _, line := range g.log.lines("gatehouse") {
			if name, ok := line["file"].(string); ok {
				file = name
			}
		}
		return file != ""
	})
	if !filepath.IsAbs(file) {
		file = filepath.Join(g.dir, file)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the set-up link has mode %v", info.Mode())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	link, err := url.Parse(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	g.secrets.token("set-up token", link.Query().Get("token"))
	return link.String()
}

// shown is what the sample app says it has received.
type shown struct {
	App, User, Path, Problem string
	Verified                 bool
	Assertion                struct {
		Claims struct {
			Audience string `json:"aud"`
			Name     string `json:"preferred_username"`
		}
	}
}

// sample asks the sample app what it receives.
func (b *browser) sample(address string) (got shown) {
	b.t.Helper()
	r := b.request(http.MethodGet, address, nil)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	answer := b.do(r)
	if err := json.Unmarshal([]byte(answer.body), &got); err != nil {
		b.t.Fatalf("%d %v\n%s", answer.status, err, answer.body)
	}
	return got
}
