// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
)

// Somebody reads an ID off the page that turned them away, and the operator learns by
// which rule, also after a reload.
func TestRefusalByItsID(t *testing.T) {
	g := serve(t)
	g.add()
	code, body := ask(t, g.port, "wiki.localhost", "/admin/x")
	id := regexp.MustCompile(`Request (\S+)`).FindStringSubmatch(body)
	if code != http.StatusForbidden || id == nil {
		t.Fatalf("got %d %q", code, body)
	}
	g.load("public /open")
	var got audit.Refusal
	g.do("GET", "refusals?request="+id[1], "", &got)
	if got.Kind != audit.Denied || got.App != "wiki" || got.Address != "127.0.0.1" || !strings.Contains(got.Reason, "/admin/*") {
		t.Errorf("got %+v", got)
	}
	if code, text := g.ask("GET", "refusals?request=ABCDEF-1", ""); code != http.StatusNotFound || !strings.Contains(text, "ABCDEF-1") {
		t.Errorf("of one that never was: %d %s", code, text)
	}
}

// The API tells the doctor where each app is, by which server, and which keys there are.
func TestFactsForTheDoctor(t *testing.T) {
	g := serve(t)
	ask(t, g.port, "login.localhost", "/.well-known/jwks.json")
	var facts struct {
		Portal     string
		KeyReaders []struct{ Address string } `json:"key_readers"`
		Apps       []struct {
			Name   string
			Places []struct{ URL, Server string }
		}
		Keys []struct{ State string }
	}
	g.do("GET", "doctor", "", &facts)
	if facts.Portal == "" || len(facts.Apps) != 1 || len(facts.Apps[0].Places) != 1 || facts.Apps[0].Places[0].Server == "" || len(facts.Keys) != 2 {
		t.Errorf("got %+v", facts)
	}
	if len(facts.KeyReaders) != 1 || facts.KeyReaders[0].Address != "127.0.0.1" {
		t.Errorf("who has fetched the keys: %+v", facts.KeyReaders)
	}
}

// The doctor is told who forwards without being trusted: the latest, and a machine nearby
// rather than anybody of the Internet, who may send the header all the time.
func TestHearsayForTheDoctor(t *testing.T) {
	g := serve(t)
	hearsay := func() string {
		var facts struct{ Apps []struct{ Hearsay string } }
		g.do("GET", "doctor", "", &facts)
		if len(facts.Apps) != 1 {
			t.Fatalf("got %+v", facts)
		}
		return facts.Apps[0].Hearsay
	}
	ask(t, g.port, "wiki.localhost", "/")
	if got := hearsay(); got != "" {
		t.Errorf("nobody has forwarded anything, and the doctor is told of %q", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", g.port), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = fmt.Sprintf("wiki.localhost:%d", g.port)
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := hearsay(); got != "127.0.0.1" {
		t.Errorf("the doctor is told of %q", got)
	}
}
