// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// continuePages are the pages that people see whom an app has sent, in each state.
func continuePages() map[string]pages.Page {
	ada := pages.Person{Username: "ada", Name: "Ada Lovelace"}
	const there = "https://wiki.example.com/?a=b&c=<d>"
	all := map[string]pages.Page{
		"continue": pages.Continue{
			Site: portal, User: ada, App: "orders", Apps: []string{"orders", strings.Repeat("W", 64), "\u202eevil"}, Arrival: "AaIC2vAVLjNQwbNxnUiT1g", ReturnTo: there,
		},
		"continue nowhere": pages.Continue{Site: portal, User: pages.Person{Username: strings.Repeat("long", 60)}, App: "orders", Arrival: "AaIC2vAVLjNQwbNxnUiT1g"},
	}
	for _, problem := range []pages.ContinueProblem{
		pages.ContinueRefused, pages.ContinueGone, pages.ContinueTaken, pages.ContinueTooMany, pages.ContinueThrottled,
	} {
		all["not continued "+string(problem)] = pages.NotContinued{
			Site: portal, Problem: problem, User: ada, GoOnURL: there, ReturnTo: there, RetryAfter: time.Minute, RequestID: "r1",
		}
	}
	return all
}

// Login CSRF: the page says who speaks, and as whom somebody would go on, in words that
// another name would stand out in; nothing happens but by its one form, which holds the
// arrival and nothing else. The way that proves something is beside it.
func TestContinueSaysAsWhom(t *testing.T) {
	page := continuePages()["continue"].(pages.Continue)
	_, doc := render(t, page)
	forms := elements(doc, "form")
	if len(forms) != 1 || value(forms[0], "method") != "post" || value(forms[0], "action") != "/continue" {
		t.Fatalf("%d forms", len(forms))
	}
	inputs := elements(forms[0], "input")
	if len(inputs) != 1 || value(inputs[0], "name") != "arrival" || value(inputs[0], "value") != page.Arrival {
		t.Errorf("%d fields", len(inputs))
	}
	if button := text(elements(forms[0], "button")[0]); button != "Continue as ada" {
		t.Errorf("the button says %q", button)
	}
	if heading := text(elements(doc, "h1")[0]); heading != "Continue as Ada Lovelace (ada)?" {
		t.Errorf("the heading says %q", heading)
	}
	for _, want := range []string{"orders has sent you here", "You are not signed in yet", "If this is somebody else’s name, do not continue"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("%q is not in %q", want, text(doc))
		}
	}
	links := elements(doc, "a")
	if len(links) != 1 || value(links[0], "href") != "/login?return_to=https%3a%2f%2fwiki.example.com%2f%3fa%3db%26c%3d%3cd%3e" {
		t.Errorf("the link leads to %q", value(links[0], "href"))
	}
}
