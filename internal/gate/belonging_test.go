// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// tab is a browser at the wiki, with its cookies. Its paths are all below "/".
type tab struct {
	*door
	t       *testing.T
	cookies map[string]string
	session *session.Session
}

func newTab(t *testing.T, d *door) *tab { return &tab{door: d, t: t, cookies: map[string]string{}} }

// keep takes over what an answer sets.
func (b *tab) keep(h http.Header) {
	for _, c := range (&http.Response{Header: h}).Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
}

func (b *tab) request(address string, edits ...func(*http.Request)) *http.Request {
	r := ask(address, edits...)
	var pairs []string
	for name, value := range b.cookies {
		pairs = append(pairs, name+"="+value)
	}
	if len(pairs) > 0 {
		r.Header["Cookie"] = []string{strings.Join(pairs, "; ")}
	}
	return r
}

// opens is a page of the app, which sees some cookies and sets others.
func (b *tab) opens(path string, sets ...string) (seen map[string]string) {
	b.t.Helper()
	r := b.request(wiki + path)
	pass, w := b.admit(r)
	if pass == nil {
		b.t.Fatalf("%s: answered %d", path, w.Code)
	}
	seen = map[string]string{}
	for _, c := range pass.Request.Cookies() {
		seen[c.Name] = c.Value
	}
	for _, line := range sets {
		pass.Writer.Header().Add("Set-Cookie", line)
	}
	pass.Writer.WriteHeader(http.StatusOK)
	b.keep(w.Header())
	return seen
}

func (b *tab) sees(what, path string, want map[string]string) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.opens(path)); diff != "" {
		b.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// signsIn starts a session at the portal, in place of the one that the browser has there,
// and lands. It returns what the landing clears.
func (b *tab) signsIn(u *identity.User) (clears string) {
	b.t.Helper()
	login := session.Login{UserID: u.ID, Origin: portal, Limits: b.Limits, Resume: true}
	if b.session != nil {
		login.Replaces = b.session.ID
	}
	var err error
	b.session, _, err = b.Sessions.Start(b.t.Context(), login, time.Now())
	b.must(err)
	return b.lands()
}

func (b *tab) lands() (clears string) {
	b.t.Helper()
	if b.cookies[cookie] == "" {
		b.cookies[cookie] = session.NewNonce().Text()
	}
	held, _ := session.ParseToken(b.cookies[cookie])
	code := b.code(b.session, held, wiki, wiki+"/")
	w := b.answered(b.request(wiki+handoff.Reserved+handoff.StepLand+"?"+url.Values{handoff.ParamCode: {code}}.Encode(), navigating), http.StatusSeeOther)
	b.keep(w.Header())
	return w.Header().Get("Clear-Site-Data")
}

type seen = map[string]string

const clearing = `"cache", "storage"`

// TestNextPersonFindsNothing: whoever signs in next at a browser gets none of the app's
// cookies of the one before, and the landing clears what browsers keep besides. The same
// person finds everything again after an idle end, however often (threats 21 and 43).
func TestNextPersonFindsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t)
		bob := d.user("bob")
		b := newTab(t, d)
		if clears := b.signsIn(d.anna); clears != "" {
			t.Errorf("at a fresh browser %s is cleared", clears)
		}
		b.opens("/", "SID=anna; Path=/; HttpOnly", "csrf=anna; Path=/", "__Host-id=anna; Path=/; Secure; HttpOnly")
		b.cookies["made"] = "anna" // by a script
		annas := seen{"SID": "anna", "csrf": "anna", "__Host-id": "anna", "made": "anna"}
		b.sees("anna", "/", annas)
		for range 3 {
			time.Sleep(2 * time.Hour)
			if clears := b.signsIn(d.anna); clears != "" {
				t.Errorf("for anna, who is back, %s is cleared", clears)
			}
			b.sees("anna, back", "/", annas)
		}
		time.Sleep(2 * time.Hour)
		if clears := b.signsIn(bob); clears != clearing {
			t.Errorf("for bob %q is cleared", clears)
		}
		b.sees("bob", "/", seen{})
		b.opens("/", "SID=bob; Path=/; HttpOnly")
		if clears := b.lands(); clears != "" {
			t.Errorf("for bob, who lands again, %s is cleared", clears)
		}
		b.sees("bob", "/", seen{"SID": "bob"})
		if clears := b.signsIn(d.anna); clears != clearing {
			t.Errorf("for anna after bob %q is cleared", clears)
		}
		b.sees("anna after bob", "/", seen{})
	})
}

// TestAppWithoutCookies: a browser in which the app has left none is told to clear the
// rest for another person all the same, and not for the same one (threat 43).
func TestAppWithoutCookies(t *testing.T) {
	for name, change := range map[string]func(*gate.App){"own": func(*gate.App) {}, "shared": shared} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t, change)
				bob := d.user("bob")
				b := newTab(t, d)
				for i, visit := range []struct {
					who    *identity.User
					clears string
				}{{d.anna, ""}, {d.anna, ""}, {bob, clearing}, {bob, ""}, {d.anna, clearing}} {
					if clears := b.signsIn(visit.who); clears != visit.clears {
						t.Errorf("sign-in %d: %q is cleared, want %q", i, clears, visit.clears)
					}
					b.sees(visit.who.Name, "/", seen{})
					if len(b.cookies) != 1 {
						t.Errorf("sign-in %d: the browser has %v", i, b.cookies)
					}
					time.Sleep(2 * time.Hour)
				}
				// What a sign-out elsewhere has ended is known to be nobody's.
				d.must(d.Sessions.End(t.Context(), b.session.ID))
				if clears := b.signsIn(d.anna); clears != clearing {
					t.Errorf("after a sign-out %q is cleared", clears)
				}
			})
		})
	}
}

func shared(a *gate.App) { a.SharedCookies = true }

// TestNobodysCookiesAreNobodys: what an app sets before anybody has signed in is no
// person's afterwards, so that no session of the app can be fixed, and the other way round.
func TestNobodysCookiesAreNobodys(t *testing.T) {
	d := newGate(t, public("/public"))
	b := newTab(t, d)
	b.opens("/public", "SID=planted; Path=/; HttpOnly")
	b.sees("nobody", "/public", seen{"SID": "planted"})
	b.signsIn(d.anna)
	b.sees("anna", "/public", seen{})
	b.opens("/", "SID=anna; Path=/; HttpOnly")
	b.sees("anna", "/public", seen{"SID": "anna"})
	delete(b.cookies, cookie)
	if got := b.opens("/public"); got["SID"] == "anna" {
		t.Errorf("nobody: %v", got)
	}
}

// TestSharedCookies: an app that is to share its cookies gets and sets them as they are.
func TestSharedCookies(t *testing.T) {
	d := newGate(t, shared)
	bob := d.user("bob")
	b := newTab(t, d)
	b.signsIn(d.anna)
	b.opens("/", "SID=anna; Path=/; HttpOnly")
	if b.cookies["SID"] != "anna" || len(b.cookies) != 2 {
		t.Errorf("the browser has %v", b.cookies)
	}
	b.signsIn(bob)
	b.sees("bob", "/", seen{"SID": "anna"})
}

// TestSignOutDisowns: whichever way a person signs out on the app's host, the browser is
// told to drop the app's cookies and to clear the rest; and a copy of the cookies is
// worth nothing to anybody who signs in later (threats 14 and 43).
func TestSignOutDisowns(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		asked   []func(*http.Request)
		passes  bool
	}{
		"reserved address":        {wiki + "/.gatehouse/logout", []func(*http.Request){by(http.MethodPost), with("Sec-Fetch-Site", "same-origin"), navigating}, false},
		"button of the app":       {wiki + "/out", []func(*http.Request){click}, true},
		"script of the app":       {wiki + "/out", []func(*http.Request){by(http.MethodPost), with("Sec-Fetch-Site", "same-origin"), with("Sec-Fetch-Mode", "cors")}, true},
		"button, session is over": {wiki + "/out", []func(*http.Request){click}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t, logoutOn("/out"))
				b := newTab(t, d)
				b.signsIn(d.anna)
				b.opens("/", "SID=anna; Path=/; HttpOnly", "csrf=anna; Path=/")
				b.cookies["made"] = "anna"
				if strings.Contains(name, "over") {
					time.Sleep(2 * time.Hour)
				}
				before := map[string]string{}
				for name, value := range b.cookies {
					before[name] = value
				}
				pass, w := d.admit(b.request(c.address, c.asked...))
				if (pass != nil) != c.passes {
					t.Fatalf("passed: %v, answered %d", pass != nil, w.Code)
				}
				if pass != nil {
					pass.Writer.Header().Add("Set-Cookie", "SID=fresh; Path=/; HttpOnly")
					pass.Writer.WriteHeader(http.StatusOK)
				}
				b.keep(w.Header())
				if got := w.Header().Get("Clear-Site-Data"); got != clearing {
					t.Errorf("%q is cleared", got)
				}
				for name := range b.cookies {
					if !strings.Contains(name, "~owner") {
						t.Errorf("the browser keeps %s", name)
					}
				}
				b.cookies = before
				delete(b.cookies, cookie)
				b.signsIn(d.anna)
				b.sees("with a copy", "/", seen{})
			})
		})
	}
}

// TestPassingThroughAfterASignOut: a browser that has signed out at the portal passes the
// app's host, and leaves nothing there. Attack: a link leads somebody there who is signed
// in, or will be back; they lose nothing. Nor is anybody led to a place that is no app.
func TestPassingThroughAfterASignOut(t *testing.T) {
	page := wiki + "/page?a=b"
	for name, c := range map[string]struct {
		before func(b *tab)
		clears bool
	}{
		"signed out":         {func(b *tab) { b.must(b.Sessions.End(b.t.Context(), b.session.ID)) }, true},
		"signed in":          {func(*tab) {}, false},
		"over, and not gone": {func(*tab) { time.Sleep(2 * time.Hour) }, false},
		"not stored yet": {func(b *tab) {
			b.store.Break(store.ErrFull)
			if err := b.Sessions.End(b.t.Context(), b.session.ID); err == nil {
				b.t.Error("stored")
			}
		}, false},
		"out of reach": {func(b *tab) { time.Sleep(2 * time.Hour); b.store.Break(store.ErrUnavailable) }, false},
		"nothing held": {func(b *tab) { delete(b.cookies, cookie) }, false},
		"a nonce":      {func(b *tab) { b.cookies[cookie] = session.NewNonce().Text() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t)
				b := newTab(t, d)
				b.signsIn(d.anna)
				b.opens("/", "SID=anna; Path=/; HttpOnly", "csrf=anna; Path=/")
				c.before(b)
				address := func(to string) string { return step("left", url.Values{"return_to": {to}}) }
				d.answered(b.request(address(page), navigating, with("Sec-Purpose", "prefetch")), http.StatusForbidden)
				w := d.sent(b.request(address(page), navigating), portal+"/logout?return_to="+url.QueryEscape(page))
				h := w.Header()
				b.keep(h)
				if got := h.Get("Clear-Site-Data"); got != "" != c.clears || c.clears && got != clearing {
					t.Errorf("%q is cleared", got)
				}
				if !c.clears && len(h["Set-Cookie"]) > 0 {
					t.Errorf("Set-Cookie %q", h["Set-Cookie"])
				}
				for name := range b.cookies {
					if c.clears && !strings.Contains(name, "~owner") {
						t.Errorf("the browser keeps %s", name)
					}
				}
				d.sent(b.request(address("https://evil.example/"), navigating), portal+"/logout?return_to="+url.QueryEscape(wiki+"/"))
			})
		})
	}
}

// TestSignOutThatIsNotStoredClearsNothing: who is not signed out keeps what is theirs.
func TestSignOutThatIsNotStoredClearsNothing(t *testing.T) {
	d := newGate(t)
	b := newTab(t, d)
	b.signsIn(d.anna)
	b.opens("/", "SID=anna; Path=/; HttpOnly")
	d.store.Break(store.ErrFull)
	w := d.answered(b.request(wiki+"/.gatehouse/logout", by(http.MethodPost), with("Sec-Fetch-Site", "same-origin")), http.StatusServiceUnavailable)
	if h := w.Header(); h.Get("Clear-Site-Data") != "" || h["Set-Cookie"] != nil {
		t.Errorf("%v", h)
	}
}

// TestForgedLabels: whoever makes up labelled cookies, an owner, or a header of any size,
// reaches no app with them, and does not stop a request either.
func TestForgedLabels(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	for _, line := range []string{
		"SID~AB000000000=x", "SID~BB000000000=x; SID=x", "__Host-~owner=000000000.000000000; SID=x", "~owner=; SID=x",
		strings.Repeat("SID~AB000000000=x; ", 4000) + "SID~AB=x", "SID~AB000000000=" + strings.Repeat("x", 8<<10),
	} {
		pass := d.passed(ask(wiki+"/", with("Cookie", cookie+"="+token.Text()+"; "+line)))
		for _, c := range pass.Request.Cookies() {
			if c.Value == "x" && !strings.HasPrefix(line, "~owner") && !strings.HasSuffix(line, "SID~AB=x") {
				t.Errorf("%.60s: the app sees %s", line, c.Name)
			}
		}
		pass.Writer.WriteHeader(http.StatusOK)
	}
}

// TestTwoHostsOfAnApp: each host of an app has tags of its own, and each person finds
// theirs on both.
func TestTwoHostsOfAnApp(t *testing.T) {
	const other = "https://wiki.example.org"
	d := newGate(t, at(wiki, other))
	s := d.login(d.anna)
	tokens := map[string]session.Token{wiki: d.handOff(s, wiki), other: d.handOff(s, other)}
	names := map[string]string{}
	for host, token := range tokens {
		pass, w := d.admit(ask(host+"/", holding(token)))
		pass.Writer.Header().Set("Set-Cookie", "SID=x; HttpOnly")
		pass.Writer.WriteHeader(http.StatusOK)
		names[host] = labelled(w)
		pass = d.passed(ask(host+"/", with("Cookie", cookie+"="+token.Text()+"; "+names[host]+"=x")))
		if c, err := pass.Request.Cookie("SID"); err != nil || c.Value != "x" {
			t.Errorf("%s: %v", host, err)
		}
	}
	if names[wiki] == names[other] {
		t.Error("two hosts have one tag")
	}
	pass := d.passed(ask(wiki+"/", with("Cookie", cookie+"="+tokens[wiki].Text()+"; "+names[other]+"=x")))
	if len(pass.Request.Cookies()) != 0 {
		t.Errorf("the other host's cookie passes: %v", pass.Request.Cookies())
	}
}

// labelled returns the name of the app's cookie in an answer.
func labelled(w *httptest.ResponseRecorder) string {
	for _, c := range w.Result().Cookies() {
		if strings.HasPrefix(c.Name, "SID~A") && c.MaxAge >= 0 {
			return c.Name
		}
	}
	return ""
}

// TestCookiesOfTheAppCostLittle: a request with cookies of the person's costs one
// allocation more than one without, for the line that the app sees.
func TestCookiesOfTheAppCostLittle(t *testing.T) {
	d := newGate(t)
	b := newTab(t, d)
	b.signsIn(d.anna)
	b.opens("/", "SID=anna; Path=/; HttpOnly", "csrf=anna; Path=/")
	count := func(line string) float64 {
		token, _ := session.ParseToken(b.cookies[cookie])
		w := newWarm(token)
		w.header["Cookie"] = []string{line}
		arriving := testing.AllocsPerRun(1000, w.restore)
		return testing.AllocsPerRun(1000, func() { w.walk(t, d) }) - arriving
	}
	alone := count(cookie + "=" + b.cookies[cookie])
	if got := count(b.request(wiki + "/").Header.Get("Cookie")); got > alone+2 {
		t.Errorf("%.1f allocations with cookies of the app, %.1f without", got, alone)
	}
	if alone > 7 {
		t.Errorf("%.1f allocations without cookies of the app", alone)
	}
}
