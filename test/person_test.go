// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// person is somebody with an account.
type person struct{ name, password string }

// person makes an account, with the command, while the gateway runs.
func (g *gateway) person(t *testing.T, name string, groups ...string) person {
	t.Helper()
	p := person{name, "a good password of " + name}
	g.secrets.add("password", p.password)
	args := []string{"user", "add", name, "--password-stdin"}
	for _, group := range groups {
		args = append(args, "--group", group)
	}
	g.gatehouse(p.password+"\n", args...)
	return p
}

// signIn goes to an address, signs in on the page to which that leads, and
// returns the way from the form on. Where it ends is for the test to look at.
func (b *browser) signIn(p person, address string) walk {
	b.t.Helper()
	w := b.open(address)
	if w.end().url.Path != "/login" || w.end().status != http.StatusOK {
		b.t.Fatalf("no sign-in page:\n%s%s", w, w.end().body)
	}
	return b.submit(p, w.end())
}

// submit fills in a sign-in page.
func (b *browser) submit(p person, page *page) walk {
	b.t.Helper()
	form := url.Values{"username": {p.name}, "password": {p.password}}
	if to := page.hidden("return_to"); to != "" {
		form.Set("return_to", to)
	}
	return b.send(origin(page.url)+"/login", form)
}

// arrive signs in and insists on getting there.
func (b *browser) arrive(p person, address string) walk {
	b.t.Helper()
	w := b.signIn(p, address)
	b.mustBeAt(w, address)
	return w
}

func (b *browser) mustBeAt(w walk, address string) {
	b.t.Helper()
	if w.end().status != http.StatusOK || w.end().url.String() != address {
		b.t.Fatalf("did not arrive at %s:\n%s%s", address, w, w.end().body)
	}
}

// signOut signs out by the reserved address of an app, as its link does.
func (b *browser) signOut(app string) {
	b.t.Helper()
	ask := b.open(app + "/.gatehouse/logout").end()
	if !strings.HasSuffix(ask.url.Path, "/logout") || ask.status != http.StatusOK {
		b.t.Fatalf("no page that asks: %d %s\n%s", ask.status, ask.url, ask.body)
	}
	form := url.Values{}
	if to := ask.hidden("return_to"); to != "" {
		form.Set("return_to", to)
	}
	w := b.send(origin(ask.url)+"/logout", form)
	if w.end().status != http.StatusOK {
		b.t.Fatalf("not signed out:\n%s%s", w, w.end().body)
	}
}

// mustKnow insists on an app's knowing the person.
func (b *browser) mustKnow(p person, address string) {
	b.t.Helper()
	answer := b.fetch(http.MethodGet, address)
	if answer.status != http.StatusOK || !strings.Contains(answer.body, "Remote-User: "+p.name) {
		b.t.Fatalf("%s does not know %s: %d\n%s", address, p.name, answer.status, answer.body)
	}
}

// mustBeOut insists on an app's letting nobody in.
func (b *browser) mustBeOut(address string) {
	b.t.Helper()
	if answer := b.fetch(http.MethodGet, address); answer.status != http.StatusUnauthorized {
		b.t.Fatalf("%s answers %d, want 401\n%s", address, answer.status, answer.body)
	}
}

func origin(u *url.URL) string { return fmt.Sprintf("%s://%s", u.Scheme, u.Host) }
