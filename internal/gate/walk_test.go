// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// identityNames are the headers by which the app of the tests knows people.
var identityNames = []string{"X-Gatehouse-Jwt", "Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups"}

// isClean fails the test when a request says who somebody is.
func isClean(t *testing.T, p *gate.Pass) {
	t.Helper()
	if p.User != nil || p.Session != nil {
		t.Errorf("%s: passed on as %v", p.Request.URL, p.User)
	}
	for name := range p.Request.Header {
		if slices.Contains(identityNames, name) || strings.Contains(strings.ToLower(name), "user") {
			t.Errorf("%s: %s: %q arrives at the app", p.Request.URL, name, p.Request.Header[name])
		}
	}
}

// forged is what an attacker says to be somebody.
func forged(r *http.Request) {
	r.Header["Remote-User"] = []string{"root", "admin"}
	r.Header["Remote_User"] = []string{"admin"}
	r.Header["X-Gatehouse-Jwt"] = []string{"eyJ.forged"}
	r.Header["REMOTE.GROUPS"] = []string{"admins"}
	r.Header["X-Forwarded-User"] = []string{"admin"}
	r.Header["Authorization"] = []string{"Basic YWRtaW46eA=="}
}

// TestForgedIdentityOnPublicPath: on a path where nobody has to sign in, nobody
// becomes somebody by saying so (threats 1, 3, 5).
func TestForgedIdentityOnPublicPath(t *testing.T) {
	d := newGate(t, public("/healthz"))
	isClean(t, d.passed(ask(wiki+"/healthz", forged)))
}

// TestForgedIdentityBesideSession: who is signed in is exactly who the session says,
// in one line for each header, and nothing of the request's own words is left (threats
// 1, 4, 6).
func TestForgedIdentityBesideSession(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	p := d.passed(ask(wiki+"/", forged, with("Connection", "close, X-Gatehouse-Jwt, Remote-User"),
		with("Cookie", "a=1; "+cookie+"="+token.Text()+"; b=2")))
	got := p.Request.Header.Clone()
	if len(got["X-Gatehouse-Jwt"]) != 1 {
		t.Fatalf("%d assertions", len(got["X-Gatehouse-Jwt"]))
	}
	got["X-Gatehouse-Jwt"] = []string{"…"}
	want := http.Header{
		"X-Gatehouse-Session-Expires": {strconv.FormatInt(p.Session.Seen().Add(d.Limits.Idle).Unix(), 10)},
		"X-Gatehouse-Jwt":             {"…"}, "Remote-User": {"anna"}, "Remote-Name": {"The anna"},
		"Remote-Email": {"anna@example.com"}, "Remote-Groups": {"staff"},
		"Connection": {"close"}, "Cookie": {"a=1; b=2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p.User.ID != d.anna.ID || p.Session.ID != s.ID {
		t.Errorf("passed on as %v under %v", p.User, p.Session.ID)
	}
}

// TestPublicPathWithSession: who is signed in and allowed arrives with an identity
// where none is required; who may not go in otherwise goes on clean, and so does
// who holds nothing good.
func TestPublicPathWithSession(t *testing.T) {
	d := newGate(t, ruled(policy.Rules{Public: []string{"/assets/*"}, Rules: []policy.Rule{{Groups: []string{"staff"}}}}))
	_, token := d.signIn()
	if p := d.passed(ask(wiki+"/assets/x.css", holding(token))); p.User == nil || p.Request.Header.Get("Remote-User") != "anna" {
		t.Error("a signed-in and allowed person arrives at a public path as nobody")
	}
	stranger := d.handOff(d.login(d.user("bert")), wiki)
	isClean(t, d.passed(ask(wiki+"/assets/x.css", forged, holding(stranger))))
	if w := d.answered(ask(wiki+"/", holding(stranger)), http.StatusForbidden); strings.Contains(w.Body.String(), "bert") {
		t.Error("a plain 403 says more than it must")
	}
	isClean(t, d.passed(ask(wiki+"/assets/x.css", forged, holding(session.NewNonce()))))
	isClean(t, d.passed(ask(wiki+"/assets/x.css", forged, holding(session.NewToken(token.ID)))))
}

// TestForbiddenPageSaysWhoYouAre: a person sees who they are and how to switch; a
// script sees a status.
func TestForbiddenPageSaysWhoYouAre(t *testing.T) {
	d := newGate(t, ruled(policy.Rules{Rules: []policy.Rule{{Groups: []string{"admins"}}}}))
	_, token := d.signIn()
	page := d.answered(ask(wiki+"/secret?x=1", navigating, holding(token)), http.StatusForbidden)
	for _, want := range []string{"anna", requestID, url.QueryEscape(wiki + "/secret?x=1")} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	if got := page.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	plain := d.answered(ask(wiki+"/secret", holding(token)), http.StatusForbidden)
	if got := plain.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if got := d.audit.last(); !strings.HasPrefix(got, "denied: ") {
		t.Errorf("audited %q", got)
	}
}

// TestNavigationGoesToThePortal and comes back to exactly where it was going; the
// address holds nothing else, so that it may be shared.
func TestNavigationGoesToThePortal(t *testing.T) {
	d := newGate(t)
	for _, c := range []struct{ address, back string }{
		{wiki + "/", wiki + "/"},
		{wiki + "/doku.php?id=a:b&x=%20+%26&empty=&n", wiki + "/doku.php?id=a:b&x=%20+%26&empty=&n"},
		{wiki + "/a%20b/%C3%BC%3F?q", wiki + "/a%20b/%C3%BC%3F?q"},
		{wiki + `/?file=C:\reports\x.pdf`, wiki + "/?file=C:%5Creports%5Cx.pdf"},
		{wiki + "/?name=\xfc", wiki + "/?name=%FC"},
		{wiki + "/x?" + strings.Repeat("y", 9<<10), wiki + "/"},
	} {
		w := d.answered(ask(c.address, navigating), http.StatusSeeOther)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		if got := to.Scheme + "://" + to.Host + to.Path; got != portal+"/login" {
			t.Errorf("%s: sent to %s", c.address, got)
		}
		if diff := cmp.Diff(url.Values{"return_to": {c.back}}, to.Query()); diff != "" {
			t.Errorf("%.60s: %s", c.address, diff)
		}
		nonce, ok := session.ParseToken(cookieSet(w))
		if !ok || !nonce.IsNonce() {
			t.Errorf("%.60s: no nonce, but %q", c.address, cookieSet(w))
		}
	}
}

// TestTwentyTabsKeepOneNonce: tabs that are restored together each come without a
// session; a nonce that is there already stays, or the last would void the others
// (threat 52).
func TestTwentyTabsKeepOneNonce(t *testing.T) {
	d := newGate(t)
	nonce := session.NewNonce()
	for range 20 {
		w := d.answered(ask(wiki+"/", navigating, holding(nonce)), http.StatusSeeOther)
		if got := w.Header()["Set-Cookie"]; got != nil {
			t.Fatalf("a nonce was replaced: %q", got)
		}
	}
}

// TestScriptsGetNoState: what nobody looks at is told 401 and leaves nothing behind,
// neither a cookie nor a write (threat 18).
func TestScriptsGetNoState(t *testing.T) {
	d := newGate(t)
	before := d.writes()
	for _, c := range []struct {
		what  string
		edits []func(*http.Request)
	}{
		{"nothing said", nil},
		{"fetch", []func(*http.Request){with("Sec-Fetch-Mode", "cors"), with("Accept", "text/html")}},
		{"XHR", []func(*http.Request){with("X-Requested-With", "XMLHttpRequest"), with("Accept", "text/html")}},
		{"WebSocket", []func(*http.Request){with("Upgrade", "websocket"), with("Connection", "Upgrade")}},
		{"POST", []func(*http.Request){by(http.MethodPost)}},
		{"frame", []func(*http.Request){with("Sec-Fetch-Mode", "navigate"), with("Sec-Fetch-Dest", "iframe")}},
		{"prefetch", []func(*http.Request){navigating, with("Sec-Purpose", "prefetch")}},
	} {
		w := d.answered(ask(wiki+"/", c.edits...), http.StatusUnauthorized)
		if got := w.Header()["Set-Cookie"]; got != nil {
			t.Errorf("%s: Set-Cookie %q", c.what, got)
		}
		if got := w.Header().Get("Location"); got != "" {
			t.Errorf("%s: sent to %q", c.what, got)
		}
	}
	if got := d.writes() - before; got != 0 {
		t.Errorf("%d writes", got)
	}
}

// TestOldBrowsersAreNavigating: a browser that says nothing of what it does is
// judged by method and Accept; HEAD asks for what GET would get.
func TestOldBrowsersAreNavigating(t *testing.T) {
	d := newGate(t)
	html := with("Accept", "text/html")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		d.answered(ask(wiki+"/", by(method), html), http.StatusSeeOther)
	}
	d.answered(ask(wiki+"/", by(http.MethodPost), html), http.StatusUnauthorized)
	// A form that a person sends is a navigation; 303 makes it a GET.
	d.answered(ask(wiki+"/save", by(http.MethodPost), navigating), http.StatusSeeOther)
}

// TestBadPathIsAnswered400 and never decided, on public paths and for those who
// are signed in as well (threats 8, 10).
func TestBadPathIsAnswered400(t *testing.T) {
	d := newGate(t, public("/*"))
	_, token := d.signIn()
	for _, path := range []string{
		"/a/../admin", "/a/%2e%2e/admin", "/a%2fadmin", "/a/..;/admin", `/a\..\admin`, "/a/%252e%252e/x", "/%00", "/a/./b", "/%5cadmin", "/%c0%ae%c0%ae/x",
	} {
		r := ask(wiki+"/", holding(token))
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		d.answered(r, http.StatusBadRequest)
	}
	r := ask(wiki+"/", holding(token))
	r.URL = &url.URL{Scheme: "http", Opaque: "admin"}
	d.answered(r, http.StatusBadRequest)
	r = ask(wiki+"/", holding(token), by(http.MethodOptions))
	r.URL = &url.URL{Path: "*"}
	d.answered(r, http.StatusBadRequest)
}

// TestBadCookieNeverPasses: whatever is wrong with a cookie, it is as if there were
// none, and never more (threat 12).
func TestBadCookieNeverPasses(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	good := token.Text()
	atPortal := session.NewToken(s.ID).Text()
	for _, value := range []string{
		"", ".", strings.Repeat("a", 8<<10), good + "\x00", "\x00" + good, good + "=", good + " x", good[:len(good)-1], good + "A",
		strings.ToUpper(good), strings.Replace(good, ".", "..", 1), strings.Repeat("!", len(good)), `"` + good + `"`, atPortal,
		session.NewNonce().Text(), url.QueryEscape(good) + "%00",
	} {
		d.answered(ask(wiki+"/", with("Cookie", cookie+"="+value)), http.StatusUnauthorized)
		d.answered(ask(wiki+"/", navigating, with("Cookie", cookie+"="+value)), http.StatusSeeOther)
	}
	// The name of plain http counts for nothing on https.
	d.answered(ask(wiki+"/", with("Cookie", "gatehouse="+good)), http.StatusUnauthorized)
	// The case of the name counts too.
	d.answered(ask(wiki+"/", with("Cookie", strings.ToLower(cookie)+"="+good)), http.StatusUnauthorized)
	d.passed(ask(wiki+"/", with("Cookie", cookie+"="+good)))
}

// TestTossedCookie: a sibling host plants a second cookie of our name. Which of the
// two is ours cannot be known, so neither counts, and the person is told the cause
// in place of going round (threats 12, 41, 52).
func TestTossedCookie(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	for _, lines := range [][]string{
		{cookie + "=" + token.Text() + "; " + cookie + "=" + token.Text()},
		{cookie + "=" + token.Text(), cookie + "=x"},
		{cookie + "=x; a=b; " + cookie + "=" + token.Text()},
	} {
		d.answered(ask(wiki+"/", with("Cookie", slices.Clone(lines)...)), http.StatusUnauthorized)
		w := d.answered(ask(wiki+"/", navigating, with("Cookie", slices.Clone(lines)...)), http.StatusBadRequest)
		if !strings.Contains(w.Body.String(), "two sign-in cookies") {
			t.Errorf("%q: the page does not name the cause", lines)
		}
	}
}

// TestChangeOfUserCountsAtOnce: a group that is taken away, an account that is
// disabled or removed, count at the next request of a live session (threats 14, 17).
func TestChangeOfUserCountsAtOnce(t *testing.T) {
	d := newGate(t, ruled(policy.Rules{Rules: []policy.Rule{{Groups: []string{"staff"}}}}))
	_, token := d.signIn()
	get := func() *http.Request { return ask(wiki+"/", holding(token)) }
	d.passed(get())
	if _, err := d.house.Users.Set(t.Context(), "anna", local.Edit{Groups: new([]string)}); err != nil {
		t.Fatal(err)
	}
	d.answered(get(), http.StatusForbidden)
	if _, err := d.house.Users.Set(t.Context(), "anna", local.Edit{Groups: &[]string{"staff"}}); err != nil {
		t.Fatal(err)
	}
	d.passed(get())
	if _, err := d.house.Users.Disable(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	d.answered(get(), http.StatusUnauthorized)
	if _, _, err := d.house.Users.Enable(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	d.passed(get())
	if _, err := d.house.Users.Remove(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	d.answered(get(), http.StatusUnauthorized)
}

// TestForeignPageOpensNoWebSocket: a page on a sibling host gets the cookie of this
// one sent along; the Origin gives it away (threat 44).
func TestForeignPageOpensNoWebSocket(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	upgrade := func(origin ...string) *http.Request {
		r := ask(wiki+"/socket", holding(token), with("Upgrade", "websocket"), with("Connection", "Upgrade"))
		if origin != nil {
			r.Header["Origin"] = origin
		}
		return r
	}
	for _, origin := range []string{"https://evil.example.com", "null", "http://wiki.example.com", wiki + ".evil.example", wiki + ":8443", ""} {
		d.answered(upgrade(origin), http.StatusForbidden)
	}
	d.answered(upgrade(wiki, "https://evil.example.com"), http.StatusForbidden)
	d.passed(upgrade(wiki))
	d.passed(upgrade())
}

// TestStrictOriginRefusesForeignPosts: with `csrf strict` a page of another origin
// changes nothing in a person's name; without it the app decides (threat 44).
func TestStrictOriginRefusesForeignPosts(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	post := func(edits ...func(*http.Request)) *http.Request {
		return ask(wiki+"/save", append(edits, holding(token), by(http.MethodPost))...)
	}
	foreign := with("Origin", "https://evil.example.com")
	d.passed(post(foreign))
	d.reload(func(a *gate.App) { a.StrictOrigin = true })
	d.answered(post(foreign), http.StatusForbidden)
	d.answered(post(with("Sec-Fetch-Site", "same-site")), http.StatusForbidden)
	d.passed(post(with("Origin", wiki), with("Sec-Fetch-Site", "same-origin")))
	d.passed(post())
	d.passed(ask(wiki+"/", holding(token), foreign))
}

// TestForwardedHeadersMoveNothing: what a peer says of host, scheme and address
// changes neither a decision nor a redirect (threat 7).
func TestForwardedHeadersMoveNothing(t *testing.T) {
	office := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	d := newGate(t, ruled(policy.Rules{Rules: []policy.Rule{{Addresses: office}}}))
	_, token := d.signIn()
	lies := func(r *http.Request) {
		for name, value := range map[string]string{
			"X-Forwarded-For": "198.51.100.1", "X-Real-Ip": "198.51.100.1", "Forwarded": "for=198.51.100.1;host=evil.example;proto=http",
			"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Uri": "/public", "X-Original-Url": "/public",
			"X-Rewrite-Url": "/public", "Proxy": "http://evil.example",
		} {
			r.Header.Set(name, value)
		}
	}
	d.answered(ask(wiki+"/", lies, holding(token)), http.StatusForbidden)
	w := d.answered(ask(wiki+"/x", lies, navigating), http.StatusSeeOther)
	if got, want := w.Header().Get("Location"), portal+"/login?return_to="+url.QueryEscape(wiki+"/x"); got != want {
		t.Errorf("sent to %s, want %s", got, want)
	}
}

// TestMethodOverrideBesideMethodRules: a header that names another method does not
// reach an app whose rules depend on the method; TRACE reaches none (threat 47).
func TestMethodOverrideBesideMethodRules(t *testing.T) {
	d := newGate(t, ruled(policy.Rules{Rules: []policy.Rule{{Methods: []string{"GET"}}}}))
	_, token := d.signIn()
	p := d.passed(ask(wiki+"/", holding(token), with("X-Http-Method-Override", "DELETE")))
	if got := p.Request.Header.Get("X-Http-Method-Override"); got != "" {
		t.Errorf("X-HTTP-Method-Override: %s", got)
	}
	d.answered(ask(wiki+"/", holding(token), by(http.MethodDelete)), http.StatusForbidden)
	d.reload(public("/*"))
	d.answered(ask(wiki+"/", holding(token), by(http.MethodTrace)), http.StatusForbidden)
}

// FuzzReturnAddress: whatever address a client asks for, sign-in leads to the portal
// and nowhere else, and from there to an address of the app that a gate lets through.
func FuzzReturnAddress(f *testing.F) {
	for _, uri := range []string{"/", "/a%20b?x=1", `/?f=C:\x`, "//evil.example/", `/\evil.example`, "/%09/evil", "/?a=\xff", "/..//", "/@evil.example", "/;x?#"} {
		f.Add(uri)
	}
	d := newGate(f)
	f.Fuzz(func(t *testing.T, uri string) {
		u, err := url.ParseRequestURI(uri)
		if err != nil {
			return
		}
		r := ask(wiki+"/", navigating)
		r.URL = u
		here := *d
		here.tb = t
		here.audit.events = nil
		pass, w := here.admit(r)
		if pass != nil {
			t.Fatalf("%q passes", uri)
		}
		if w.Code != http.StatusSeeOther {
			return
		}
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || to.Scheme+"://"+to.Host+to.Path != portal+"/login" {
			t.Fatalf("%q: sent to %q", uri, w.Header().Get("Location"))
		}
		back := to.Query().Get("return_to")
		if _, again, err := d.App.Targets.Parse(back); err != nil || again != back || !strings.HasPrefix(back, wiki+"/") {
			t.Errorf("%q: comes back to %q: %v", uri, back, err)
		}
	})
}
