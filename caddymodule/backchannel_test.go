// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// told is what an app reads in a logout token; that it is well signed is tested
// where it is sent.
type told struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Session  string `json:"sid"`
}

// backchannel is the address of an app, and the tokens that arrive there.
func backchannel(t *testing.T, answer http.HandlerFunc) (address string, tokens chan told) {
	tokens = make(chan told, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var said told
		parts := strings.Split(r.PostFormValue("logout_token"), ".")
		if len(parts) != 3 {
			t.Errorf("a token of %d parts", len(parts))
			return
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil {
			err = json.Unmarshal(payload, &said)
		}
		if err != nil {
			t.Error(err)
		}
		tokens <- said
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/logged-out", tokens
}

// sessionIDs lists the sessions of anna.
func (g *running) sessionIDs() (ids []string) {
	g.t.Helper()
	var list []struct{ ID string }
	g.do("GET", "sessions?user=anna", "", &list)
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

// Whatever ends a session, the app at the gate learns which it was, and nobody who
// ends one waits for the app, which hangs here.
func TestAppIsToldWhoeverEndsASession(t *testing.T) {
	const password = "correct horse battery"
	hang := make(chan struct{})
	address, tokens := backchannel(t, func(http.ResponseWriter, *http.Request) { <-hang })
	t.Cleanup(func() { close(hang) })
	g := serve(t)
	g.load("backchannel_logout " + address)
	g.add()
	var before []string
	for name, end := range map[string]func(b *http.Client, id string){
		"at the portal": func(b *http.Client, _ string) { g.signOut(b, "login", "/logout") },
		"at the app":    func(b *http.Client, _ string) { g.signOut(b, "wiki", "/.gatehouse/logout") },
		"by the operator": func(_ *http.Client, id string) {
			g.do("POST", "sessions/revoke", `{"id":"`+id+`"}`, nil)
		},
	} {
		b := g.browser()
		g.signIn(b, password)
		ids := g.sessionIDs()
		if len(ids) != 1 {
			t.Fatalf("%s: sessions %v", name, ids)
		}
		end(b, ids[0]) // returns while the app hangs, which it does to the end of the test
		if said, want := newlyTold(t, tokens, before), (told{g.at("login", ""), "wiki", ids[0]}); said != want {
			t.Errorf("%s: told %+v, want %+v", name, said, want)
		}
		before = append(before, ids[0])
		if code := g.fetch(b); code != http.StatusUnauthorized {
			t.Errorf("%s: answered %d after the end", name, code)
		}
	}
}

// newlyTold waits for what the app is told of a session other than those before: on a slow
// machine it is told of these once more, since it hangs.
func newlyTold(t *testing.T, tokens <-chan told, before []string) told {
	t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case said := <-tokens:
			if !slices.Contains(before, said.Session) {
				return said
			}
		case <-late:
			t.Error("the app was not told")
			return told{}
		}
	}
}

// signOut posts the form of a host's own page.
func (g *running) signOut(b *http.Client, host, path string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.at(host, path), strings.NewReader(url.Values{}.Encode()))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", g.at(host, ""))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := b.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		g.t.Errorf("signing out at %s: %d", host, answer.StatusCode)
	}
}

// What becomes of it is among the metrics, for each app that wants to be told.
func TestToldLogoutsAreCounted(t *testing.T) {
	address, tokens := backchannel(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	g := serve(t)
	g.load("backchannel_logout " + address + "\n}\nhandle /metrics {\nmetrics\n}\nhandle_errors {")
	g.add()
	b := g.browser()
	g.signIn(b, "correct horse battery")
	g.do("POST", "sessions/revoke", `{"user":"anna"}`, nil)
	<-tokens
	g.signIn(b, "correct horse battery")
	want := fmt.Sprintf("gatehouse_backchannel_logouts_total{app=%q,result=%q} 1", "wiki", "refused")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		_, body := g.visit(b, g.at("wiki", "/metrics"))
		if strings.Contains(body, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s in\n%s", want, body)
		}
	}
}
