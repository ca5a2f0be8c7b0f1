// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	urlEncoded = "application/x-www-form-urlencoded"
	savePage   = wiki + "/save?id=3&do=edit"
	typed      = "title=A+title&password=swordfish&text=%C3%BC%0D%0A"
)

// newFormGate is newGate for an app whose forms are kept.
func newFormGate(t *testing.T, change ...func(*gate.App)) *door {
	t.Helper()
	d := newGate(t)
	d.Forms = d.house.Forms
	d.reload(append(change, func(a *gate.App) { a.KeepPosts = true })...)
	return d
}

// lunch is how long people were away: every session there is, is over.
func (d *door) lunch() { d.limit(time.Nanosecond) }

// limit gives the gate another idle limit, as another configuration does.
func (d *door) limit(idle time.Duration) {
	fresh := *d.Gate
	fresh.Limits.Idle = idle
	d.Gate = &fresh
}

// back signs somebody in again, at the browser that has the session before.
func (d *door) back(u *identity.User, before *session.Session) (*session.Session, session.Token) {
	d.tb.Helper()
	d.limit(time.Hour)
	s, _, err := d.Sessions.Start(context.Background(), session.Login{
		UserID: u.ID, AMR: []string{"pwd"}, Origin: portal, Limits: d.Limits, Resume: true, Replaces: before.ID,
	}, time.Now())
	d.must(err)
	return s, d.handOff(s, wiki)
}

// post is a form as a browser sends it from a page of its own origin.
func post(address, contentType string, body io.Reader, edits ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, address, body)
	for _, edit := range append([]func(*http.Request){
		navigating, with("Sec-Fetch-Site", "same-origin"), with("Origin", wiki), with("Referer", wiki+"/edit?id=3"),
		with("Content-Type", contentType),
	}, edits...) {
		edit(r)
	}
	return r
}

// form is what anna has typed.
func form(edits ...func(*http.Request)) *http.Request {
	return post(savePage, urlEncoded, strings.NewReader(typed), edits...)
}

// confirm is what the button of the page sends.
func confirm(id string, edits ...func(*http.Request)) *http.Request {
	r := post(savePage, urlEncoded, strings.NewReader(resend.Field+"="+id), edits...)
	r.Header.Del("Referer") // the page's policy leaves the origin at most
	return r
}

// kept sends the form when the session is over, and returns the name under which it is
// kept.
func (d *door) kept(r *http.Request) string {
	d.tb.Helper()
	w := d.answered(r, http.StatusSeeOther)
	id, ok := keptAs(d.tb, w.Header().Get("Location"))
	if !ok {
		d.tb.Fatalf("not kept, but led to %s", w.Header().Get("Location"))
	}
	return id
}

// keptAs returns the kept form to which a sign-in leads.
func keptAs(tb testing.TB, location string) (string, bool) {
	tb.Helper()
	to, err := url.Parse(location)
	if err != nil {
		tb.Fatal(err)
	}
	page, err := url.Parse(to.Query().Get("return_to"))
	if err != nil || page.Path != "/.gatehouse/resend" || to.Path != "/login" {
		return "", false
	}
	return page.Query().Get("form"), true
}

func resendPage(id string) string { return wiki + "/.gatehouse/resend?form=" + id }

// forms returns how many forms are kept.
func (d *door) forms() (n int) {
	d.tb.Helper()
	for _, err := range d.house.Live.List(context.Background(), resend.Kind, store.Filter{}) {
		d.must(err)
		n++
	}
	return n
}

// TestFormSurvives: a form that is sent too late is kept, shown without its values, and
// sent when its person says so: once, as it was, and as that person.
func TestFormSurvives(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	w := d.answered(form(holding(token)), http.StatusSeeOther)
	location := w.Header().Get("Location")
	id, ok := keptAs(t, location)
	if !ok || !strings.HasPrefix(location, portal+"/login?return_to=") {
		t.Fatalf("led to %s", location)
	}
	if cookies := w.Result().Cookies(); len(cookies) != 0 {
		t.Errorf("the browser is given %v: the form in another tab could not be kept", cookies)
	}
	_, fresh := d.back(d.anna, before)
	page := d.answered(ask(resendPage(id), navigating, holding(fresh)), http.StatusOK)
	for _, want := range []string{"title", "password", "text", "wiki.example.com/save", "3 fields", "The anna", `value="` + id + `"`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, secret := range []string{"swordfish", "A title", "A+title"} {
		if strings.Contains(page.Body.String()+location, secret) || d.audit.holds(secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	pass := d.passed(confirm(id, holding(fresh), with("Cookie", cookie+"="+fresh.Text()+"; csrftoken=mine")))
	r := pass.Request
	body, err := io.ReadAll(r.Body)
	if err != nil || string(body) != typed || r.ContentLength != int64(len(typed)) {
		t.Errorf("the app gets %d bytes %q: %v", r.ContentLength, body, err)
	}
	for name, want := range map[string]string{
		"Content-Type": urlEncoded, "Origin": wiki, "Referer": wiki + "/edit?id=3", "Remote-User": "anna", "Cookie": "csrftoken=mine",
	} {
		if got := strings.Join(r.Header[name], "|"); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if r.Method != http.MethodPost || r.URL.String() != savePage {
		t.Errorf("sent as %s %s", r.Method, r.URL)
	}
	if d.answered(confirm(id, holding(fresh)), http.StatusGone); d.forms() != 0 {
		t.Error("it is still there")
	}
}

// TestFormsThatAreNotKept: nothing is kept for a page of another origin, for a browser
// without a token whose secret is right, for a session that was ended, and for what is no
// form. Each is answered as if nothing were ever kept, and the store holds nothing.
func TestFormsThatAreNotKept(t *testing.T) {
	as := func(edits ...func(*http.Request)) func(*door, session.Token) *http.Request {
		return func(_ *door, token session.Token) *http.Request { return form(append(edits, holding(token))...) }
	}
	without := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	for what, request := range map[string]func(*door, session.Token) *http.Request{
		"another site":              as(with("Sec-Fetch-Site", "cross-site"), with("Origin", "https://evil.example")),
		"a sibling host":            as(with("Sec-Fetch-Site", "same-site"), with("Origin", "https://evil.example.com")),
		"the address bar":           as(with("Sec-Fetch-Site", "none")),
		"two words about the site":  as(with("Sec-Fetch-Site", "same-origin", "cross-site")),
		"words that disagree":       as(with("Origin", "https://evil.example")),
		"two origins":               as(with("Origin", wiki, wiki)),
		"no word about the site":    as(without("Sec-Fetch-Site"), without("Origin")),
		"a sandbox, no word":        as(without("Sec-Fetch-Site"), with("Origin", "null")),
		"a script":                  as(with("Sec-Fetch-Mode", "cors"), with("Sec-Fetch-Dest", "empty")),
		"a frame":                   as(with("Sec-Fetch-Dest", "iframe")),
		"another method":            as(by(http.MethodPut)),
		"JSON":                      as(with("Content-Type", "application/json")),
		"no type":                   as(without("Content-Type")),
		"two types":                 as(with("Content-Type", urlEncoded, "text/plain")),
		"compressed":                as(with("Content-Encoding", "gzip")),
		"no token":                  func(*door, session.Token) *http.Request { return form() },
		"a nonce":                   func(*door, session.Token) *http.Request { return form(holding(session.NewNonce())) },
		"a selector without secret": func(_ *door, s session.Token) *http.Request { return form(holding(session.NewToken(s.ID))) },
		"an invented selector": func(*door, session.Token) *http.Request {
			return form(holding(session.NewToken(store.NewID(time.Now()))))
		},
		"two tokens": func(_ *door, s session.Token) *http.Request {
			return form(with("Cookie", cookie+"="+s.Text(), cookie+"="+s.Text()))
		},
		"a token of the portal": func(d *door, _ session.Token) *http.Request {
			_, token, err := d.Sessions.Start(t.Context(), session.Login{UserID: d.anna.ID, Origin: portal, Limits: d.Limits}, time.Now())
			d.must(err)
			return form(holding(token))
		},
		"a session that was ended": func(d *door, token session.Token) *http.Request {
			d.must(d.Sessions.End(t.Context(), token.ID))
			return form(holding(token))
		},
		"a session that was revoked": func(d *door, token session.Token) *http.Request {
			_, err := d.Sessions.EndAll(t.Context(), d.anna.ID, store.ID{})
			d.must(err)
			return form(holding(token))
		},
		"a session whose end is not stored yet": func(d *door, token session.Token) *http.Request {
			d.store.Break(store.ErrUnavailable)
			if err := d.Sessions.End(t.Context(), token.ID); err == nil {
				t.Error("the end was stored")
			}
			return form(holding(token))
		},
	} {
		t.Run(what, func(t *testing.T) {
			answer := func(keep bool) (int, string) {
				d := newGate(t, func(a *gate.App) { a.KeepPosts = keep })
				if keep {
					d.Forms = d.house.Forms
				}
				_, token := d.signIn()
				d.lunch()
				pass, w := d.admit(request(d, token))
				if pass != nil {
					t.Fatal("passed on")
				}
				if n := d.forms(); n != 0 {
					t.Errorf("%d forms are kept", n)
				}
				return w.Code, w.Header().Get("Location")
			}
			status, location := answer(true)
			if wantStatus, want := answer(false); status != wantStatus || location != want {
				t.Errorf("answered %d %s, want %d %s", status, location, wantStatus, want)
			}
		})
	}
}

// TestOldBrowserOnPlainHTTP says nothing of what it does but the origin: its form is
// kept as well.
func TestOldBrowserOnPlainHTTP(t *testing.T) {
	d := newFormGate(t)
	_, token := d.signIn()
	d.lunch()
	r := form(holding(token), with("Accept", "text/html"))
	for _, name := range []string{"Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"} {
		r.Header.Del(name)
	}
	d.kept(r)
}

// TestDisabledPersonKeepsNothing: their session is not over by time (threat 14).
func TestDisabledPersonKeepsNothing(t *testing.T) {
	d := newFormGate(t)
	_, token := d.signIn()
	_, err := d.house.Users.Disable(t.Context(), "anna")
	d.must(err)
	d.answered(form(holding(token)), http.StatusSeeOther)
	if d.forms() != 0 {
		t.Error("a form is kept")
	}
}

// TestNextPersonNeverSeesTheForm: another person who signs in at the same browser is told
// that there was one, and no more; it is gone for its owner too (threat 21).
func TestNextPersonNeverSeesTheForm(t *testing.T) {
	for how, ask := range map[string]func(id string) *http.Request{
		"looks": func(id string) *http.Request { return ask(resendPage(id), navigating) },
		"sends": func(id string) *http.Request { return confirm(id) },
		"drops": func(id string) *http.Request {
			return post(wiki+"/.gatehouse/resend", urlEncoded, strings.NewReader(resend.Field+"="+id))
		},
	} {
		t.Run(how, func(t *testing.T) {
			d := newFormGate(t)
			before, token := d.signIn()
			d.lunch()
			id := d.kept(form(holding(token)))
			_, bens := d.back(d.user("ben"), before)
			r := ask(id)
			holding(bens)(r)
			page := d.answered(r, http.StatusGone).Body.String()
			if !strings.Contains(page, "was not yours") || strings.Contains(page, "password") || strings.Contains(page, "/save") {
				t.Errorf("the page says:\n%s", page)
			}
			if d.audit.last() != "form_dropped: "+resend.ErrForeign.Error() {
				t.Errorf("noted %q", d.audit.last())
			}
			annas := d.login(d.anna)
			if d.answered(navigate(resendPage(id), d.handOff(annas, wiki)), http.StatusGone); d.forms() != 0 {
				t.Error("it is still there")
			}
		})
	}
}

func navigate(address string, token session.Token) *http.Request {
	return ask(address, navigating, holding(token))
}

// TestSignOutDropsTheForm: whoever signs out in between, before signing in again or after
// it, has left nothing to send, also when the same person signs in once more (threat 14).
func TestSignOutDropsTheForm(t *testing.T) {
	for when, signOut := range map[string]func(*door, *session.Session) (*session.Session, session.Token){
		"before": func(d *door, before *session.Session) (*session.Session, session.Token) {
			d.must(d.Sessions.End(t.Context(), before.ID))
			return d.back(d.anna, before)
		},
		"after": func(d *door, before *session.Session) (*session.Session, session.Token) {
			again, _ := d.back(d.anna, before)
			d.must(d.Sessions.End(t.Context(), again.ID))
			return d.back(d.anna, again)
		},
	} {
		t.Run(when, func(t *testing.T) {
			d := newFormGate(t)
			before, token := d.signIn()
			d.lunch()
			id := d.kept(form(holding(token)))
			_, fresh := signOut(d, before)
			d.answered(confirm(id, holding(fresh)), http.StatusGone)
			if d.forms() != 0 {
				t.Error("it is still there")
			}
		})
	}
}

// TestFormInAnotherTab: what a person looks at first when they come back does not cost
// them the form in the tab beside it, and a sign-in lands with the token that was there.
func TestFormInAnotherTab(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	if set := d.answered(navigate(wiki+"/", token), http.StatusSeeOther).Header()["Set-Cookie"]; set != nil {
		t.Errorf("the browser is given %q", set)
	}
	id := d.kept(form(holding(token)))
	again, _ := d.back(d.anna, before)
	w := d.answered(navigate(wiki+"/.gatehouse/land?code="+d.code(again, token, wiki, resendPage(id)), token), http.StatusSeeOther)
	fresh, ok := session.ParseToken(cookieSet(w))
	if !ok {
		t.Fatalf("no token, but %q", cookieSet(w))
	}
	// By way of the step that sees whether the cookie has come back.
	w = d.answered(navigate(w.Header().Get("Location"), fresh), http.StatusSeeOther)
	if to := w.Header().Get("Location"); to != resendPage(id) {
		t.Errorf("landed on %s", to)
	}
	d.passed(confirm(id, holding(fresh)))
}

// TestPreviewDestroysNothing: what nobody has asked for yet is not looked at.
func TestPreviewDestroysNothing(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	id := d.kept(form(holding(token)))
	_, bens := d.back(d.user("ben"), before)
	d.answered(ask(resendPage(id), navigating, with("Sec-Purpose", "prefetch"), holding(bens)), http.StatusForbidden)
	d.answered(ask(resendPage(id), with("Sec-Fetch-Mode", "cors"), holding(bens)), http.StatusForbidden)
	d.answered(ask(resendPage(id), by(http.MethodHead), navigating, holding(bens)), http.StatusMethodNotAllowed)
	if d.forms() != 1 {
		t.Error("it is gone")
	}
}

// TestConfirmationOfAnotherSite: only the page of this origin sends and drops.
func TestConfirmationOfAnotherSite(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	id := d.kept(form(holding(token)))
	_, fresh := d.back(d.anna, before)
	foreign := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "https://evil.example")
	}
	d.answered(confirm(id, holding(fresh), foreign), http.StatusForbidden)
	d.answered(post(wiki+"/.gatehouse/resend", urlEncoded, strings.NewReader(resend.Field+"="+id), holding(fresh), foreign), http.StatusForbidden)
	d.passed(confirm(id, holding(fresh)))
}

// TestConfirmationPassesThePolicy as it is now, on the address that the form is for, and
// a form that may not be sent is not spent.
func TestConfirmationPassesThePolicy(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	id := d.kept(form(holding(token)))
	_, fresh := d.back(d.anna, before)
	keeping := func(a *gate.App) { a.KeepPosts = true }
	d.reload(keeping, ruled(policy.Rules{Rules: []policy.Rule{{Deny: true, Paths: []string{"/save"}}}}))
	d.answered(confirm(id, holding(fresh)), http.StatusForbidden)
	elsewhere := confirm(id, holding(fresh))
	elsewhere.URL.Path = "/other"
	d.answered(elsewhere, http.StatusGone)
	d.reload(keeping)
	d.passed(confirm(id, holding(fresh)))
}

// TestOverAgainBeforeTheButton: the person signs in once more and comes back to the page.
func TestOverAgainBeforeTheButton(t *testing.T) {
	d := newFormGate(t, public("/public/*"))
	before, token := d.signIn()
	d.lunch()
	id := d.kept(form(holding(token)))
	again, fresh := d.back(d.anna, before)
	d.lunch()
	if got := d.kept(confirm(id, holding(fresh))); got != id {
		t.Errorf("%s is kept in place of %s", got, id)
	}
	if got := d.kept(navigate(resendPage(id), fresh)); got != id {
		t.Errorf("the page leads to %s", got)
	}
	public := confirm(id, holding(fresh))
	public.URL.Path = "/public/save"
	if got := d.kept(public); got != id || d.forms() != 1 {
		t.Errorf("a public path leads to %s", got)
	}
	_, fresh = d.back(d.anna, again)
	d.passed(confirm(id, holding(fresh)))
}

// TestDropForm: who does not want to send it is led back to where it was filled in.
func TestDropForm(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	id := d.kept(form(holding(token)))
	_, fresh := d.back(d.anna, before)
	drop := func() *http.Request {
		return post(wiki+"/.gatehouse/resend", urlEncoded, strings.NewReader(resend.Field+"="+id), holding(fresh))
	}
	w := d.answered(drop(), http.StatusSeeOther)
	if to := w.Header().Get("Location"); to != wiki+"/edit?id=3" || d.forms() != 0 {
		t.Errorf("led to %s, and %d forms are left", to, d.forms())
	}
	d.answered(drop(), http.StatusGone)
}

// TestFormForAnOddAddress: the button leads to where the form was going, also where a
// browser, a template and a server write the address differently.
func TestFormForAnOddAddress(t *testing.T) {
	for _, address := range []string{
		wiki + "//evil.example/save", wiki + "/a%20b/%C3%BC%3F(x)'!", wiki + "/save?", wiki + `/save?file=C:\x&q='"<>|^` + "`{}&amp;a+b%20c;d",
		wiki + "/save?name=\xfc\xc3\xbc", wiki + "/save?javascript:alert(1)", wiki + "/%2e%2egatehouse?%zz&%",
	} {
		d := newFormGate(t)
		before, token := d.signIn()
		d.lunch()
		sent := func(to string, body string, token session.Token) *http.Request {
			r := post(wiki, urlEncoded, strings.NewReader(body), holding(token))
			u, err := url.Parse(to)
			d.must(err)
			r.URL = u
			return r
		}
		id := d.kept(sent(address, typed, token))
		_, fresh := d.back(d.anna, before)
		page := d.answered(navigate(resendPage(id), fresh), http.StatusOK).Body.String()
		_, rest, _ := strings.Cut(page, `<form method="post" action="`)
		action, _, _ := strings.Cut(rest, `"`)
		pass := d.passed(sent(html.UnescapeString(action), resend.Field+"="+id, fresh))
		if got := pass.Request.URL.Host; got != "wiki.example.com" {
			t.Errorf("%s goes to %s", address, got)
		}
	}
}

// TestFormOfAppsOwn: a body that looks like a confirmation by its length or its type
// reaches the app to the byte.
func TestFormOfAppsOwn(t *testing.T) {
	d := newFormGate(t)
	_, token := d.signIn()
	for _, body := range []string{
		"", "x", strings.Repeat("x", resend.ConfirmationSize), resend.Field + "=" + strings.Repeat("!", 22),
		strings.Repeat("x", resend.ConfirmationSize+1), strings.Repeat("long", 10_000),
	} {
		for _, length := range []int64{int64(len(body)), -1} {
			r := post(savePage, urlEncoded, io.NopCloser(strings.NewReader(body)), holding(token))
			r.ContentLength = length
			got, err := io.ReadAll(d.passed(r).Request.Body)
			if err != nil || string(got) != body {
				t.Errorf("%d bytes, said to be %d: the app gets %q: %v", len(body), length, got, err)
			}
		}
	}
}

// TestStoreFailsWhileAFormIsKept: the person learns before the sign-in that it is not
// kept, and a form that could not be spent is not sent.
func TestStoreFailsWhileAFormIsKept(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	id := d.kept(form(holding(token)))
	d.store.Break(store.ErrFull)
	w := d.answered(form(holding(token)), http.StatusServiceUnavailable)
	if !strings.Contains(w.Body.String(), "has not been sent") {
		t.Errorf("the page says:\n%s", w.Body)
	}
	d.store.Break(nil)
	_, fresh := d.back(d.anna, before)
	d.store.Break(store.ErrFull)
	d.answered(confirm(id, holding(fresh)), http.StatusServiceUnavailable)
	d.store.Break(nil)
	d.passed(confirm(id, holding(fresh)))
}

// TestOnePersonsFormsAreBounded: whoever has a token of a session that is over cannot
// fill the store with it (threat 37).
func TestOnePersonsFormsAreBounded(t *testing.T) {
	d := newFormGate(t)
	_, token := d.signIn()
	d.lunch()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			w := httptest.NewRecorder()
			r := form(holding(token))
			d.Admit(w, r, gate.Arrival{URL: r.URL, ID: requestID})
			if w.Code != http.StatusSeeOther && w.Code != http.StatusServiceUnavailable {
				t.Errorf("answered %d", w.Code)
			}
		})
	}
	all.Wait()
	if n := d.forms(); n == 0 || n > 64 {
		t.Errorf("%d forms are kept", n)
	}
}
