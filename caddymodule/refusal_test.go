// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
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
	var facts struct {
		Portal string
		Apps   []struct {
			Name   string
			Places []struct{ URL, Server string }
		}
		Keys []struct{ State string }
	}
	g.do("GET", "doctor", "", &facts)
	if facts.Portal == "" || len(facts.Apps) != 1 || len(facts.Apps[0].Places) != 1 || facts.Apps[0].Places[0].Server == "" || len(facts.Keys) != 2 {
		t.Errorf("got %+v", facts)
	}
}
