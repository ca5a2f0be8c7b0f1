// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// The last line is the rule that decides, and where it was written.
func TestExplain(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	if _, err := h.AddUser(t.Context(), admin.NewUser{Name: "bert", Password: password}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		user, url   string
		app, source string
		verdict     policy.Verdict
	}{
		{"Anna", "https://wiki.example.com", "wiki", "Caddyfile:3", policy.Allow},
		{"anna", "https://WIKI.example.com:443/admin/x?y=1", "wiki", "Caddyfile:4", policy.Deny},
		{"bert", "https://wiki.example.com/", "wiki", "", policy.Deny},
		{"bert", "https://tickets.example.com/", "tickets", "", policy.Allow},
		{"", "https://wiki.example.com/", "wiki", "", policy.SignIn},
		{"", "https://wiki.example.com/healthz", "wiki", "", policy.Allow},
	} {
		e, err := h.Explain(t.Context(), admin.Question{User: test.user, URL: test.url})
		if err != nil {
			t.Errorf("%s at %s: %v", test.user, test.url, err)
			continue
		}
		last := e.Lines[len(e.Lines)-1]
		if e.App != test.app || e.Verdict != test.verdict.String() || last.Source != test.source || !last.Decides {
			t.Errorf("%s at %s: %+v", test.user, test.url, e)
		}
	}
}

// A question without an answer says what would be one.
func TestExplainRefuses(t *testing.T) {
	h := open(t)
	for url, want := range map[string]error{
		"https://other.example.com/":       admin.ErrBadQuestion,
		"wiki.example.com":                 admin.ErrBadQuestion,
		"https://wiki.example.com/a/../b":  admin.ErrBadQuestion,
		"https://wiki.example.com@evil.eu": admin.ErrBadQuestion,
		"https://wiki.example.com/":        identity.ErrUnknown,
	} {
		if _, err := h.Explain(t.Context(), admin.Question{User: "carl", URL: url}); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", url, err, want)
		}
	}
}

// Somebody of whom the app cannot be told is refused by its gate, whatever the rules
// say, and the answer says so; on a public path they count as nobody.
func TestExplainWhomAnAppCannotBeTold(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	for i := range h.Apps {
		h.Apps[i].CanTell = func(u *identity.User) error { return errors.New(u.Name + " has no erp_id") }
	}
	for url, want := range map[string]string{
		"https://wiki.example.com/": "deny", "https://wiki.example.com/healthz": "allow", "https://wiki.example.com/admin/x": "deny",
	} {
		e, err := h.Explain(t.Context(), admin.Question{User: "anna", URL: url})
		says := strings.Contains(e.Note, "anna has no erp_id")
		if err != nil || e.Verdict != want || says == strings.Contains(url, "/admin/") {
			t.Errorf("%s: %+v, %v", url, e, err)
		}
	}
	e, err := h.Explain(t.Context(), admin.Question{URL: "https://wiki.example.com/healthz"})
	if err != nil || e.Note != "" {
		t.Errorf("nobody: %+v, %v", e, err)
	}
}

// A disabled user counts as nobody, and the answer says so.
func TestExplainADisabledUser(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	if _, err := h.DisableUser(t.Context(), admin.UserName{Name: "anna"}); err != nil {
		t.Fatal(err)
	}
	e, err := h.Explain(t.Context(), admin.Question{User: "anna", URL: "https://wiki.example.com/"})
	if err != nil || e.Verdict != "sign in" || e.Note == "" {
		t.Errorf("got %+v, %v", e, err)
	}
}

// Rules are asked about the path that the gate sees, which a site may rewrite.
func TestExplainFollowsTheWayToTheGate(t *testing.T) {
	h := open(t)
	h.addAnna(t)
	h.Way = func(way admin.Way, q admin.Question) (admin.Way, error) {
		way.Path = "/admin/x"
		return way, nil
	}
	e, err := h.Explain(t.Context(), admin.Question{User: "anna", URL: "https://wiki.example.com/old/admin/x"})
	if err != nil || e.Verdict != policy.Deny.String() || e.Path != "/admin/x" || e.Asked != "/old/admin/x" || e.Note == "" {
		t.Errorf("got %+v, %v", e, err)
	}
	h.Way = func(way admin.Way, q admin.Question) (admin.Way, error) {
		way.Path = "/a%2fb"
		return way, nil
	}
	if _, err := h.Explain(t.Context(), admin.Question{URL: "https://wiki.example.com/x"}); !errors.Is(err, admin.ErrBadQuestion) {
		t.Errorf("a path that the gate would refuse: %v", err)
	}
}
