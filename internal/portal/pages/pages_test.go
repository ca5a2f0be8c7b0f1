// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// portal is the site as the portal shows it, and gate as an app's host shows it.
var (
	portal = pages.Site{Portal: "login.example.com", AssetBase: "/assets"}
	gate   = pages.Site{Portal: "login.example.com", PortalURL: "https://login.example.com", AssetBase: "/wiki/.gatehouse/assets"}
)

// everyPage returns each page in each of its states, under a name for subtests.
func everyPage() map[string]pages.Page {
	ada := pages.Person{Username: "ada", Name: "Ada Lovelace"}
	all := map[string]pages.Page{
		"login":           pages.Login{Site: portal, ReturnTo: "https://wiki.example.com/a?b=c&d", Destination: "wiki"},
		"login first":     pages.Login{Site: portal},
		"apps":            pages.Apps{Site: portal, User: ada, Apps: manyApps(300)},
		"apps none":       pages.Apps{Site: portal, User: pages.Person{Username: strings.Repeat("long", 60)}},
		"logout ask":      pages.LogoutAsk{Site: portal, User: ada, ReturnTo: "https://wiki.example.com/"},
		"logged out":      pages.LoggedOut{Site: portal, ReturnTo: "https://wiki.example.com/?a=b&c"},
		"logout failed":   pages.LogoutFailed{Site: portal, ReturnTo: "https://wiki.example.com/", RequestID: "r1", RetryAfter: time.Second},
		"setup":           pages.Setup{Site: portal, Token: "t0ken"},
		"setup gone":      pages.SetupGone{Site: portal},
		"unavailable":     pages.Unavailable{Site: gate, RequestID: "r1", RetryAfter: 30 * time.Second},
		"unavailable now": pages.Unavailable{Site: gate},
		"opening":         pages.Opening{Site: gate, URL: "https://wiki.example.com/wiki/a?b=c&d"},
		"not found":       pages.NotFound{Site: gate, RequestID: "r1"},
		"login remember":  pages.Login{Site: portal, Remember: 30 * 24 * time.Hour, Remembered: true},
		"sessions":        pages.Sessions{Site: portal, User: ada, Sessions: manySessions(200), Others: 250},
		"sessions one":    pages.Sessions{Site: portal, User: ada, Sessions: manySessions(1)},
		"account": pages.Account{
			Site: portal, User: ada, Email: "ada@example.com", Groups: []string{"staff", strings.Repeat("g", 80)}, Password: true, Others: 3,
		},
		"account elsewhere": pages.Account{Site: portal, User: pages.Person{Username: "ada"}},
	}
	for _, problem := range []pages.SessionsProblem{pages.SessionsGone, pages.SessionsEnding} {
		all["sessions "+string(problem)] = pages.Sessions{
			Site: portal, User: ada, Sessions: manySessions(3), Others: 2, Problem: problem, RetryAfter: time.Second,
		}
	}
	for _, problem := range []pages.AccountProblem{
		pages.AccountWrong, pages.AccountIncomplete, pages.AccountShort, pages.AccountLong, pages.AccountControls,
		pages.AccountThrottled, pages.AccountBusy, pages.AccountUnavailable,
	} {
		all["account "+string(problem)] = pages.Account{
			Site: portal, User: ada, Password: true, KeepOthers: true, Problem: problem, RetryAfter: time.Minute, RequestID: "r1",
		}
	}
	for _, change := range []pages.AccountChange{pages.AccountEnded, pages.AccountKept, pages.AccountUnfinished} {
		all["account "+string(change)] = pages.Account{Site: portal, User: ada, Password: true, Change: change, Ended: 2}
	}
	for _, problem := range []pages.LoginProblem{
		pages.LoginWrong, pages.LoginDisabled, pages.LoginIncomplete, pages.LoginBusy, pages.LoginThrottled,
		pages.LoginTooMany, pages.LoginUnavailable,
	} {
		all["login "+string(problem)] = pages.Login{Site: portal, Username: "ada", Problem: problem, RetryAfter: 2 * time.Minute}
	}
	for _, notice := range []pages.LoginNotice{pages.LoginEnded, pages.LoginNobody} {
		all["login "+string(notice)] = pages.Login{Site: portal, Notice: notice}
	}
	for _, problem := range []pages.SetupProblem{
		pages.SetupUsername, pages.SetupName, pages.SetupEmail, pages.SetupShort, pages.SetupLong,
	} {
		all["setup "+string(problem)] = pages.Setup{Site: portal, Token: "t", Username: "a b", Problems: []pages.SetupProblem{problem}}
	}
	for _, reason := range []pages.ForbiddenReason{pages.ForbiddenRule, pages.ForbiddenAddress, pages.ForbiddenUnnamed, pages.ForbiddenForeign, pages.ForbiddenVouched} {
		all["forbidden "+string(reason)] = pages.Forbidden{
			Site: gate, User: ada, App: "wiki", Reason: reason, SwitchURL: "https://login.example.com/logout", RequestID: "r1",
		}
		all["forbidden nobody "+string(reason)] = pages.Forbidden{Site: gate, Reason: reason}
	}
	for _, reason := range []pages.BadRequestReason{
		pages.BadRequestOther, pages.BadRequestPath, pages.BadRequestReturn, pages.BadRequestForm,
	} {
		all["bad request "+string(reason)] = pages.BadRequest{Site: gate, Reason: reason, RequestID: "r1"}
	}
	for _, cause := range []pages.CookieCause{pages.CookieMissing, pages.CookieTwice, pages.CookieInsecure} {
		all["cookie trouble "+string(cause)] = pages.CookieTrouble{
			Site: gate, Host: "wiki.example.com", Cause: cause, RetryURL: "https://wiki.example.com/", RequestID: "r1",
		}
	}
	maps.Copy(all, formPages())
	maps.Copy(all, tokenPages())
	maps.Copy(all, continuePages())
	maps.Copy(all, framePages())
	return all
}

func manyApps(n int) []pages.App {
	names := []string{
		"wiki", "time sheets", "إدارة المخزون", "🦄", "日本語", strings.Repeat("W", 200), "İstanbul", "\u202eevil",
	}
	apps := make([]pages.App, n)
	for i := range apps {
		apps[i] = pages.App{
			Name: names[i%len(names)],
			URL:  fmt.Sprintf("https://app%d.example.com/", i),
			Host: fmt.Sprintf("app%d.example.com", i) + strings.Repeat("/long", i%30),
		}
	}
	return apps
}

// manySessions returns sessions of all sorts, the current one first.
func manySessions(n int) []pages.Session {
	agents := []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
		"", "curl/8.14.1", "Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko",
	}
	addresses := []string{"192.0.2.7", "2001:db8:85a3:1234:5678:8a2e:370:7334", ""}
	apps := [][]string{{"wiki", "tickets"}, {"wiki"}, nil, {strings.Repeat("W", 200), "إدارة المخزون", "\u202eevil"}}
	zone := time.FixedZone("CET", 3600)
	sessions := make([]pages.Session, n)
	for i := range sessions {
		seen := time.Date(2026, 11, 22, 20, 45, 0, 0, zone).Add(-time.Duration(i) * 7 * time.Hour)
		sessions[i] = pages.Session{
			ID: fmt.Sprintf("AaIC2vAVLjNQwbNxnUiT%d", i), Agent: agents[i%len(agents)], Address: addresses[i%len(addresses)],
			Created: seen.Add(-11 * time.Hour), Seen: seen, Apps: apps[i%len(apps)],
			Current: i == 0, Remembered: i%4 == 1, Ending: i%5 == 2, Via: []string{"", "orders", strings.Repeat("W", 64)}[i%3],
		}
	}
	return sessions
}

// render returns the answer with the page, and its body parsed.
func render(t *testing.T, page pages.Page) (*http.Response, *html.Node) {
	t.Helper()
	w := httptest.NewRecorder()
	if err := pages.Render(w, http.StatusTeapot, page); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), doc
}

// elements returns the elements with one of these names, all of them when none is given, in document order.
func elements(doc *html.Node, names ...string) []*html.Node {
	var found []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, n.Data)) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// value is attribute for those who do not mind a missing one.
func value(n *html.Node, name string) string {
	v, _ := attribute(n, name)
	return v
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Each page has what a screen reader steers by: a language, a title, one first-level heading, one main
// landmark; and it has nothing that the policy would have to forbid.
func TestStructure(t *testing.T) {
	for name, page := range everyPage() {
		t.Run(name, func(t *testing.T) {
			_, doc := render(t, page)
			wants := map[string]int{"h1": 1, "main": 1, "header": 1, "title": 1, "script": 0, "style": 0, "base": 0, "iframe": 0}
			switch page.(type) {
			case pages.FrameSignIn:
				wants["iframe"] = 1
			case pages.FrameDoor:
				wants["header"] = 0 // it stands in a page that has one
			}
			for element, want := range wants {
				if got := len(elements(doc, element)); got != want {
					t.Errorf("%d <%s>, want %d", got, element, want)
				}
			}
			if lang := value(elements(doc, "html")[0], "lang"); lang != "en" {
				t.Errorf("lang is %q", lang)
			}
			if title := text(elements(doc, "title")[0]); !strings.HasSuffix(title, " · login.example.com") {
				t.Errorf("title %q does not end with the portal's host", title)
			}
			for _, n := range elements(doc) {
				for _, a := range n.Attr {
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Val == "#ZgotmplZ" {
						t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
					}
				}
			}
			for _, img := range elements(doc, "img") {
				if _, ok := attribute(img, "alt"); !ok {
					t.Error("image without alt")
				}
			}
		})
	}
}

// No two elements share an id, and every reference to an id finds its element.
func TestIDs(t *testing.T) {
	for name, page := range everyPage() {
		t.Run(name, func(t *testing.T) {
			_, doc := render(t, page)
			ids := map[string]bool{}
			for _, n := range elements(doc) {
				id, ok := attribute(n, "id")
				if ok && ids[id] {
					t.Errorf("id %q twice", id)
				}
				ids[id] = true
			}
			for _, n := range elements(doc) {
				references := append(strings.Fields(value(n, "aria-describedby")), value(n, "for"))
				if fragment, ok := strings.CutPrefix(value(n, "href"), "#"); ok {
					references = append(references, fragment)
				}
				for _, id := range references {
					if id != "" && !ids[id] {
						t.Errorf("<%s> refers to %q, which does not exist", n.Data, id)
					}
				}
			}
		})
	}
}

// Every field has a label and a purpose that password managers and browsers understand (WCAG 1.3.5), and forms
// work by <input> alone.
func TestFields(t *testing.T) {
	purposes := map[string][]string{
		"username": {"username"}, "password": {"current-password", "new-password"}, "name": {"name"}, "email": {"email"},
		"current": {"current-password"}, "remember": {""}, "keep_others": {""},
		"label": {"off"}, "app": {""}, "days": {"off"},
	}
	for name, page := range everyPage() {
		t.Run(name, func(t *testing.T) {
			_, doc := render(t, page)
			labels := map[string]bool{}
			for _, label := range elements(doc, "label") {
				labels[value(label, "for")] = text(label) != ""
			}
			for _, input := range elements(doc, "input") {
				field := value(input, "name")
				if value(input, "type") == "hidden" {
					continue
				}
				if !labels[value(input, "id")] {
					t.Errorf("field %q has no label", field)
				}
				if !slices.Contains(purposes[field], value(input, "autocomplete")) {
					t.Errorf("field %q has autocomplete %q", field, value(input, "autocomplete"))
				}
			}
			for _, button := range elements(doc, "button") {
				if value(button, "type") != "submit" || value(button, "name") != "" || text(button) == "" {
					t.Errorf("button %q is not a plain submit button", text(button))
				}
			}
			if others := elements(doc, "select", "textarea"); len(others) != 0 {
				t.Errorf("fields that are no <input>: %d", len(others))
			}
		})
	}
}

// What the pages' forms send, and where to, is part of the outside.
func TestForms(t *testing.T) {
	const there = "https://wiki.example.com/?a=b&c=<d>"
	for _, test := range []struct {
		page   pages.Page
		action string
		fields map[string]string
	}{
		{
			pages.Login{Site: portal, ReturnTo: there, Username: "ada"}, "/login",
			map[string]string{"username": "ada", "password": "", "return_to": there},
		},
		{pages.Login{Site: portal}, "/login", map[string]string{"username": "", "password": ""}},
		{pages.LogoutAsk{Site: portal, ReturnTo: there}, "/logout", map[string]string{"return_to": there}},
		{pages.LogoutFailed{Site: portal, ReturnTo: there}, "/logout", map[string]string{"return_to": there}},
		{pages.Apps{Site: portal}, "/logout", map[string]string{}},
		{
			pages.Login{Site: portal, Remember: time.Hour}, "/login",
			map[string]string{"username": "", "password": "", "remember": "yes"},
		},
		{
			pages.Setup{Site: portal, Token: "t", Username: "u", Name: "n", Email: "e"}, "/setup",
			map[string]string{"token": "t", "username": "u", "name": "n", "email": "e", "password": ""},
		},
	} {
		t.Run(fmt.Sprintf("%T", test.page), func(t *testing.T) {
			_, doc := render(t, test.page)
			forms := elements(doc, "form")
			if len(forms) != 1 {
				t.Fatalf("%d forms, want 1", len(forms))
			}
			if method, action := value(forms[0], "method"), value(forms[0], "action"); method != "post" || action != test.action {
				t.Errorf("form is %s %s, want post %s", method, action, test.action)
			}
			got := map[string]string{}
			for _, input := range elements(forms[0], "input") {
				got[value(input, "name")] = value(input, "value")
			}
			if !reflect.DeepEqual(got, test.fields) {
				t.Errorf("fields %q, want %q", got, test.fields)
			}
		})
	}
}

// The page of sessions has a form to sign out, one for all others, where there are others, and one for each session
// that is not ending already, whose button says by itself what it ends.
func TestSessionsForms(t *testing.T) {
	sessions := manySessions(5) // of which the third is ending
	for others, want := range map[int][]string{
		3: {"", pages.EndOthers, sessions[0].ID, sessions[1].ID, sessions[3].ID, sessions[4].ID},
		0: {"", sessions[0].ID, sessions[1].ID, sessions[3].ID, sessions[4].ID},
	} {
		_, doc := render(t, pages.Sessions{Site: portal, Sessions: sessions, Others: others})
		var got []string
		names := map[string]bool{}
		for _, form := range elements(doc, "form") {
			end, action := "", "/logout"
			for _, input := range elements(form, "input") {
				end, action = value(input, "value"), "/sessions"
			}
			got = append(got, end)
			if value(form, "method") != "post" || value(form, "action") != action {
				t.Errorf("%q: %s %s, want post %s", end, value(form, "method"), value(form, "action"), action)
			}
			if name := text(elements(form, "button")[0]); names[name] {
				t.Errorf("two buttons are named %q", name)
			} else {
				names[name] = true
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d others: forms end %q, want %q", others, got, want)
		}
	}
}

// A time is said so that people and programs understand it, with its zone.
func TestTimesNameTheirZone(t *testing.T) {
	_, doc := render(t, pages.Sessions{Site: portal, Sessions: manySessions(2)})
	for _, when := range elements(doc, "time") {
		if !strings.HasSuffix(text(when), " CET") || !strings.HasSuffix(value(when, "datetime"), "+01:00") {
			t.Errorf("%q is %q", value(when, "datetime"), text(when))
		}
	}
}

// Nobody is told that a password has changed when it has not, or that all is done when it is not.
func TestPasswordChangeIsSaidAsItIs(t *testing.T) {
	for name, page := range everyPage() {
		account, ok := page.(pages.Account)
		if !ok {
			continue
		}
		_, doc := render(t, page)
		if changed := strings.Contains(text(doc), "Your password is changed"); changed != (account.Change != "") {
			t.Errorf("%s: says that it has changed: %v", name, changed)
		}
		if done := strings.Contains(text(doc), "You stay signed in"); done != (account.Change == pages.AccountEnded || account.Change == pages.AccountKept) {
			t.Errorf("%s: says that all is done: %v", name, done)
		}
	}
}

// A problem is announced when the page is loaded, and is said again at the fields that it concerns.
func TestProblemIsAnnounced(t *testing.T) {
	for name, page := range everyPage() {
		var problem bool
		switch p := page.(type) {
		case pages.Login:
			problem = p.Problem != ""
		case pages.Setup:
			problem = len(p.Problems) > 0
		case pages.LogoutFailed, pages.NotKept:
			problem = true
		case pages.Sessions:
			problem = p.Problem != ""
		case pages.Account:
			problem = p.Problem != "" || p.Change == pages.AccountUnfinished || p.Access.Problem != ""
		}
		_, doc := render(t, page)
		alerts := slices.DeleteFunc(elements(doc), func(n *html.Node) bool { return value(n, "role") != "alert" })
		if problem != (len(alerts) == 1) {
			t.Errorf("%s: %d alerts", name, len(alerts))
		}
		if problem && text(alerts[0]) == "" {
			t.Errorf("%s: empty alert", name)
		}
	}
	_, doc := render(t, pages.Login{Site: portal, Problem: pages.LoginWrong})
	for _, input := range elements(doc, "input") {
		if value(input, "aria-describedby") != "problem" || value(input, "aria-invalid") != "true" {
			t.Errorf("field %q does not point to the problem", value(input, "name"))
		}
	}
}

// A logout that is not stored must never be taken for one that is (the page's every word is looked at), and it
// offers to try again.
func TestLogoutFailedNeverSaysSignedOut(t *testing.T) {
	_, doc := render(t, pages.LogoutFailed{Site: portal})
	if got := text(doc); strings.Contains(strings.ToLower(got), "signed out") {
		t.Errorf("page says %q", got)
	}
}

// Whoever is refused must learn who they are and how to become somebody else.
func TestForbiddenSaysWhoYouAre(t *testing.T) {
	_, doc := render(t, pages.Forbidden{
		Site: gate, User: pages.Person{Username: "ada", Name: "Ada Lovelace"}, App: "wiki",
		SwitchURL: "https://login.example.com/logout?return_to=x", RequestID: "r17",
	})
	for _, want := range []string{"Ada Lovelace", "(ada)", "wiki", "r17"} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("page does not say %q", want)
		}
	}
	if !slices.ContainsFunc(elements(doc, "a"), func(a *html.Node) bool {
		return value(a, "href") == "https://login.example.com/logout?return_to=x"
	}) {
		t.Error("no link to switch")
	}
}

// An app's host may not load a style from the portal's, so the pages there must name their own.
func TestAssetsComeFromThePagesOwnHost(t *testing.T) {
	_, doc := render(t, pages.NotFound{Site: gate})
	for _, n := range elements(doc, "link", "img") {
		path := value(n, "href") + value(n, "src")
		if !strings.HasPrefix(path, "/wiki/.gatehouse/assets/") {
			t.Errorf("<%s> loads %q", n.Data, path)
		}
		w := httptest.NewRecorder()
		pages.ServeAsset(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Script smuggled in through any field of any page: as text, as an attribute's end, as a URL. The page with the
// payload must have exactly the elements and attributes of the same page without it.
func TestInjectionThroughEveryField(t *testing.T) {
	payloads := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onfocus='alert(1)' x='`, `</title><svg onload=alert(1)>`,
		`javascript:alert(1)`, `data:text/html,<script>alert(1)</script>`, `{{.Site}}`, `<!--`, "\x00\xff<b>", `&lt;script&gt;`,
		` autofocus onfocus=alert(1)`, "`${alert(1)}`", "\u2028<i>",
	}
	for name, page := range everyPage() {
		for _, payload := range payloads {
			t.Run(name, func(t *testing.T) {
				_, want := render(t, filled(page, "harmless"))
				_, got := render(t, filled(page, payload))
				if a, b := shape(want), shape(got); !slices.Equal(a, b) {
					t.Errorf("payload %q changes the page's elements:\n%s\n%s", payload, a, b)
				}
				for _, n := range elements(got) {
					for _, key := range []string{"href", "src", "action"} {
						link := strings.ToLower(value(n, key))
						if strings.HasPrefix(link, "javascript:") || strings.HasPrefix(link, "data:") {
							t.Errorf("payload %q becomes <%s %s=%q>", payload, n.Data, key, link)
						}
					}
				}
			})
		}
	}
}

// filled returns a copy of the page with the text in every string and list of strings, however deep, that is
// not one of the codes of this package.
func filled(page pages.Page, with string) pages.Page {
	v := reflect.New(reflect.TypeOf(page)).Elem()
	v.Set(reflect.ValueOf(page))
	fill(v, with)
	return v.Interface().(pages.Page)
}

func fill(v reflect.Value, with string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(with)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), with)
		}
	case reflect.Slice:
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		for i := range own.Len() {
			fill(own.Index(i), with)
		}
		v.Set(own)
	}
}

// shape lists a document's elements with the names of their attributes.
func shape(doc *html.Node) []string {
	var list []string
	for _, n := range elements(doc) {
		line := n.Data
		for _, a := range n.Attr {
			line += " " + a.Key
		}
		list = append(list, line)
	}
	return list
}

// An answer that names a person is kept by no cache, is not framed, and tells no other site where it was; and
// Render keeps the status it is given.
func TestHeaders(t *testing.T) {
	site := portal
	site.FormOrigins = []string{"https://wiki.example.org"}
	response, _ := render(t, pages.Login{Site: site, Problem: pages.LoginThrottled, RetryAfter: 1500 * time.Millisecond})
	if response.StatusCode != http.StatusTeapot {
		t.Errorf("status %d", response.StatusCode)
	}
	for name, want := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": pages.Policy("https://wiki.example.org"),
		"X-Content-Type-Options":  "nosniff",
		"X-Frame-Options":         "DENY",
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "strict-origin",
		"Retry-After":             "2",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The templates and the list of them in the code are the same set: a page whose template is missing would only
// be found by the person who needs it.
func TestEveryTemplateHasAPage(t *testing.T) {
	entries, err := os.ReadDir("html")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[reflect.Type]bool{}
	for _, page := range everyPage() {
		kinds[reflect.TypeOf(page)] = true
	}
	if len(kinds) != len(entries)-1 { // all but the layout
		t.Errorf("%d kinds of page are tested, %d have a template", len(kinds), len(entries)-1)
	}
}
