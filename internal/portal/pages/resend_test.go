// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// aResend is the page about a form of that many fields.
func aResend(fields int) pages.Resend {
	names := []string{"title", "text[]", "İçerik", "\u202eevil", strings.Repeat("long", 30), ""}
	p := pages.Resend{
		Site: gate, User: pages.Person{Username: "ada", Name: "Ada Lovelace"}, App: "wiki",
		Target: "wiki.example.com/" + strings.Repeat("deep/", 30) + "save?…",
		Sent:   time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC), Count: fields + 7, Size: 123_456,
		Action: "https://wiki.example.com//save?a=b&c", DropAction: "/wiki/.gatehouse/resend",
		Name: "gatehouse_form", Reference: "AZjZTTPeAAAAAAAAAAAAAA",
	}
	for i := range fields {
		f := pages.FormField{Name: names[i%len(names)]}
		if i%3 == 0 {
			f.File = "report.pdf"
		}
		p.Fields = append(p.Fields, f)
	}
	return p
}

// formPages are the pages about forms whose session had ended, in each of their states.
func formPages() map[string]pages.Page {
	unread := aResend(0)
	unread.Count = 0
	all := map[string]pages.Page{
		"resend":              aResend(40),
		"resend unreadable":   unread,
		"resend gone":         pages.ResendGone{Site: gate, App: "wiki", HomeURL: "https://wiki.example.com/", RequestID: "r1"},
		"resend gone foreign": pages.ResendGone{Site: gate, Foreign: true, HomeURL: "https://wiki.example.com/"},
	}
	for _, reason := range []pages.NotKeptReason{pages.NotKeptLarge, pages.NotKeptFull, pages.NotKeptOther} {
		all["not kept "+string(reason)] = pages.NotKept{
			Site: gate, App: "wiki", Reason: reason, MB: 1, SignInURL: "https://wiki.example.com/", RequestID: "r1",
		}
	}
	return all
}

// The first form sends, to the address that the kept form was for, to the byte; the second one drops. Both hold
// the reference and nothing else. What the app answers may redirect anywhere, and so the policy does not say where
// this page's forms may lead, but forbids all that it forbids elsewhere.
func TestResendForms(t *testing.T) {
	page := aResend(3)
	response, doc := render(t, page)
	forms := elements(doc, "form")
	if len(forms) != 2 {
		t.Fatalf("%d forms, want 2", len(forms))
	}
	for i, action := range []string{page.Action, page.DropAction} {
		inputs := elements(forms[i], "input")
		if value(forms[i], "method") != "post" || value(forms[i], "action") != action || len(inputs) != 1 {
			t.Fatalf("form %d: %s %s with %d fields", i, value(forms[i], "method"), value(forms[i], "action"), len(inputs))
		}
		if value(inputs[0], "name") != page.Name || value(inputs[0], "value") != page.Reference {
			t.Errorf("form %d sends %s=%s", i, value(inputs[0], "name"), value(inputs[0], "value"))
		}
	}
	got := response.Header.Get("Content-Security-Policy")
	if want := strings.Replace(pages.Policy(), "; form-action 'self'", "", 1); got != want {
		t.Errorf("policy %q, want %q", got, want)
	}
	if got := response.Header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("Referrer-Policy %q: the button's Origin would be null", got)
	}
}

// Who is about to send something must see as whom, and that it has not happened yet. Who cannot have a form kept
// must not be told that it was.
func TestResendSaysWhatIsTrue(t *testing.T) {
	_, doc := render(t, aResend(2))
	for _, want := range []string{"not been sent yet", "Ada Lovelace", "wiki.example.com/deep/", "9 fields", "124 kB", "title", "report.pdf"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	response, doc := render(t, pages.NotKept{Site: gate, Reason: pages.NotKeptLarge, MB: 1})
	if !strings.Contains(text(doc), "has not been sent") || !strings.Contains(text(doc), "up to 1 MB") {
		t.Errorf("the page says %q", text(doc))
	}
	if response.Header.Get("Cache-Control") != "no-store" {
		t.Error("the page is kept by caches")
	}
}
