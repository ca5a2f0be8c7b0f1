// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// tokenPages returns the page of an account in all states of its access tokens.
func tokenPages() map[string]pages.Page {
	ada := pages.Person{Username: "ada", Name: "Ada Lovelace"}
	now := time.Date(2026, 11, 22, 20, 45, 0, 0, time.FixedZone("CET", 3600))
	access := pages.AccountTokens{
		Shown: true, MaxDays: 365, Days: 90, Label: "backup",
		Apps: []pages.TokenApp{{Name: "wiki", Chosen: true}, {Name: strings.Repeat("W", 64)}},
		Tokens: []pages.AccessToken{
			{ID: "AaIC2vAVLjNQwbNxnUiT1g", Label: "backup script", Apps: []string{"wiki", "tickets"}, Created: now, Expires: now.AddDate(1, 0, 0), Used: now},
			{ID: "AaIC2vAVLjNQwbNxnUiT2g", Label: strings.Repeat("W", 60), Apps: []string{"wiki"}, Created: now, Expires: now},
		},
	}
	page := pages.Account{Site: portal, User: ada, Password: true, Access: access}
	all := map[string]pages.Page{"account tokens": page}
	page.Access.Tokens = nil
	all["account tokens none"] = page
	page.Access = access
	page.Access.Apps = nil
	all["account tokens no app"] = page
	page.Access = access
	page.Access.Made, page.Access.MadeLabel = "gatehouse_AaIC2vAVLjNQwbNxnUiT1g."+strings.Repeat("x", 43), "backup"
	all["account tokens made"] = page
	for _, problem := range []pages.TokenProblem{
		pages.TokenWrong, pages.TokenIncomplete, pages.TokenLabel, pages.TokenDays, pages.TokenTooMany, pages.TokenThrottled,
		pages.TokenBusy, pages.TokenUnavailable, pages.TokenGone, pages.TokenRevoking,
	} {
		page.Access = access
		page.Access.Problem = problem
		all["account tokens "+string(problem)] = page
	}
	return all
}

// A token is shown on the page that follows its making, whole, and on no other.
func TestATokenIsShownOnce(t *testing.T) {
	for name, page := range tokenPages() {
		_, doc := render(t, page)
		account := page.(pages.Account)
		if shown := strings.Contains(text(doc), "gatehouse_"); shown != (account.Access.Made != "") {
			t.Errorf("%s: shows a token: %v", name, shown)
		}
	}
}

// Whoever reads the answer to a script learns why, and no browser opens a password
// dialogue for the scheme of the challenge (RFC 6750, section 3).
func TestTokenRefusals(t *testing.T) {
	for want, answer := range map[string]func(http.ResponseWriter){
		`401 Bearer realm="https://login.example.com", error="invalid_token"`:      func(w http.ResponseWriter) { pages.TokenUnknown(w, gate.PortalURL, "r1") },
		`403 Bearer realm="https://login.example.com", error="insufficient_scope"`: func(w http.ResponseWriter) { pages.TokenForbidden(w, gate.PortalURL, "r1", pages.TokenScope) },
		`403 `: func(w http.ResponseWriter) { pages.TokenForbidden(w, gate.PortalURL, "r1", pages.TokenDenied) },
	} {
		w := httptest.NewRecorder()
		answer(w)
		got := w.Result().Status[:4] + w.Header().Get("WWW-Authenticate")
		if got != want || w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Body.String(), "Request r1") {
			t.Errorf("%s, %v %s", got, w.Header(), w.Body)
		}
	}
}
