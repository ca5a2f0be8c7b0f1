// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// listener is an app behind a gate in a real server. It remembers what has arrived.
type listener struct {
	t       *testing.T
	door    *door
	address string
	arrived chan http.Header
}

func listen(t *testing.T, change ...func(*gate.App)) *listener {
	t.Helper()
	l := &listener{t: t, door: newGate(t, change...), arrived: make(chan http.Header, 100)}
	l.address = l.door.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-App", "was here")
		http.SetCookie(w, &http.Cookie{Name: "SID", Value: "of the app", Path: "/", HttpOnly: true})
		l.arrived <- r.Header.Clone()
		io.WriteString(w, "the app's own words")
	})).URL
	return l
}

// send sends a request as it is, and returns the answer and what the app has got, nil
// for nothing.
func (l *listener) send(method, path string, edits ...func(*http.Request)) (*http.Response, http.Header) {
	l.t.Helper()
	r, err := http.NewRequestWithContext(l.t.Context(), method, l.address+path, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, edit := range edits {
		edit(r)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	select {
	case h := <-l.arrived:
		return res, h
	default:
	}
	if res.Header.Get("X-App") != "" || strings.Contains(string(body), "the app's own words") {
		l.t.Errorf("%s %s: answered %d with the app's words, without asking it", method, path, res.StatusCode)
	}
	return res, nil
}

// isNobody fails the test when a header that the app has got says who somebody is.
func (l *listener) isNobody(what string, h http.Header) {
	l.t.Helper()
	if h == nil {
		l.t.Errorf("%s: did not arrive", what)
	}
	for name, values := range h {
		lower := strings.ToLower(name)
		if strings.Contains(lower, "remote") || strings.Contains(lower, "gatehouse") || strings.HasSuffix(lower, "-user") && lower != "sec-fetch-user" {
			l.t.Errorf("%s: %s: %q arrives", what, name, values)
		}
	}
	if strings.Contains(h.Get("Cookie"), "gatehouse") {
		l.t.Errorf("%s: Cookie: %q arrives", what, h.Get("Cookie"))
	}
}

func ownAuth(r policy.Rules) func(*gate.App) {
	r.OwnAuth = []string{"/feed.xml", "/dav/*"}
	return ruled(r)
}

// TestCallersThatTheAppChecks: the app gets their account as they sent it, and nothing
// by which they, or whoever is signed in beside them, would be somebody already.
func TestCallersThatTheAppChecks(t *testing.T) {
	l := listen(t, ownAuth(policy.Rules{}))
	_, token := l.door.signIn()
	writes := l.door.writes()
	for what, edits := range map[string][]func(*http.Request){
		"nobody":                {},
		"somebody":              {holding(token)},
		"a cookie that is none": {with("Cookie", cookie+"=x")},
		"two cookies":           {with("Cookie", cookie+"="+token.Text()+"; "+cookie+"=x")},
	} {
		for _, account := range [][]string{nil, {"Basic Y2FsbGVyOng="}, {"Bearer of-the-app"}, {"Basic YQ==", "Basic Yg=="}} {
			edits := append([]func(*http.Request){forged}, edits...)
			delete := func(r *http.Request) { delete(r.Header, "Authorization") }
			if account == nil {
				edits = append(edits, delete)
			} else {
				edits = append(edits, with("Authorization", account...))
			}
			for _, path := range []string{"/feed.xml", "/dav", "/dav/a?b=c"} {
				for _, method := range []string{http.MethodGet, http.MethodPost, "PROPFIND", http.MethodOptions} {
					res, h := l.send(method, path, edits...)
					l.isNobody(what, h)
					if res.StatusCode != http.StatusOK {
						t.Errorf("%s: %s %s: %s", what, method, path, res.Status)
					}
					if diff := cmp.Diff(account, h["Authorization"]); diff != "" {
						t.Errorf("%s: %s %s: %s", what, method, path, diff)
					}
				}
			}
		}
	}
	if l.door.writes() != writes {
		t.Errorf("%d writes", l.door.writes()-writes)
	}
}

// TestAccountsBesideOwnAuth: nowhere else an account of a client's choice arrives, by
// whatever spelling of a path that is the app's to check (threats 5, 8).
func TestAccountsBesideOwnAuth(t *testing.T) {
	l := listen(t, ownAuth(policy.Rules{Public: []string{"/public/*"}}))
	_, token := l.door.signIn()
	for _, path := range []string{"/", "/feed", "/feed.xml/", "/feed.xml;x=1", "/Feed.xml", "//feed.xml", "/davx", "/dav%2fx", "/dav/../x", "/dav/%2e%2e/x", "/x?/dav/"} {
		res, h := l.send(http.MethodGet, path, with("Authorization", "Basic YWRtaW46eA=="))
		if h != nil {
			t.Errorf("%s: arrives, %s", path, res.Status)
		}
		if _, h = l.send(http.MethodGet, path, with("Authorization", "Basic YWRtaW46eA=="), holding(token)); h["Authorization"] != nil {
			t.Errorf("%s: arrives with %q", path, h["Authorization"])
		}
	}
	if _, h := l.send(http.MethodGet, "/public/x", with("Authorization", "Basic YWRtaW46eA==")); h == nil || h["Authorization"] != nil {
		t.Errorf("public: %q", h["Authorization"])
	}
	_, h := l.send(http.MethodGet, "/dav/x", with("Authorization", "Basic YWRtaW46eA=="), with("Connection", "close, Authorization, Remote-User"))
	if h.Get("Authorization") == "" || strings.Contains(h.Get("Connection"), "uthorization") {
		t.Errorf("the proxy is told to drop it: %v", h)
	}
}

// TestRulesHoldWhereTheAppChecks: what is closed for everybody stays closed; an
// allow rule, for which somebody would have to be signed in, opens and closes nothing.
func TestRulesHoldWhereTheAppChecks(t *testing.T) {
	l := listen(t, ownAuth(policy.Rules{Rules: []policy.Rule{
		{Groups: []string{"staff"}},
		{Deny: true, Paths: []string{"/dav/secret/*"}},
		{Deny: true, Methods: []string{"DELETE"}},
		{Deny: true, Paths: []string{"/feed.xml"}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
	}}))
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/dav/x", http.StatusOK},
		{http.MethodDelete, "/dav/x", http.StatusForbidden},
		{http.MethodGet, "/dav/secret/x", http.StatusForbidden},
		{http.MethodGet, "/dav//secret/x", http.StatusForbidden},
		{http.MethodGet, "/feed.xml", http.StatusForbidden},
		{"TRACE", "/dav/x", http.StatusForbidden},
	} {
		res, h := l.send(test.method, test.path, with("Authorization", "Basic Y2FsbGVyOng="))
		if res.StatusCode != test.status || (h != nil) != (test.status == http.StatusOK) {
			t.Errorf("%s %s: %s, want %d", test.method, test.path, res.Status, test.status)
		}
	}
}

// TestNobodysCookiesWhereTheAppChecks: an app's session that belongs to a person is an
// identity, so it does not arrive; and what the app sets there is no person's later
// (threat 21).
func TestNobodysCookiesWhereTheAppChecks(t *testing.T) {
	l := listen(t, ownAuth(policy.Rules{}))
	_, token := l.door.signIn()
	jar := func(res *http.Response) string {
		var pairs []string
		for _, c := range res.Cookies() {
			if c.MaxAge >= 0 {
				pairs = append(pairs, c.Name+"="+c.Value)
			}
		}
		return strings.Join(pairs, "; ")
	}
	res, _ := l.send(http.MethodGet, "/", holding(token))
	persons := jar(res)
	if _, h := l.send(http.MethodGet, "/", with("Cookie", cookie+"="+token.Text()+"; "+persons)); h.Get("Cookie") != "SID=of the app" && h.Get("Cookie") != `SID="of the app"` {
		t.Fatalf("the person's own cookie: %q", h.Get("Cookie"))
	}
	res, h := l.send(http.MethodGet, "/dav/x", with("Cookie", cookie+"="+token.Text()+"; "+persons))
	if h.Get("Cookie") != "" {
		t.Errorf("the person's cookie arrives: %q", h.Get("Cookie"))
	}
	nobodys := jar(res)
	if _, h := l.send(http.MethodGet, "/dav/x", with("Cookie", nobodys)); !strings.HasPrefix(h.Get("Cookie"), "SID=") {
		t.Errorf("the caller's own cookie is lost: %q", h.Get("Cookie"))
	}
	if _, h := l.send(http.MethodGet, "/", with("Cookie", cookie+"="+token.Text()+"; "+nobodys)); h.Get("Cookie") != "" {
		t.Errorf("a caller's cookie is the person's: %q", h.Get("Cookie"))
	}
}

// TestOwnAuthAsksNobody: where no session is looked for, none is needed to be found, and
// none is used.
func TestOwnAuthAsksNobody(t *testing.T) {
	l := listen(t, ownAuth(policy.Rules{}))
	_, token := l.door.signIn()
	l.door.store.blind.Store(true)
	if res, h := l.send(http.MethodGet, "/dav/x", with("Cookie", cookie+"="+session.NewToken(token.ID).Text())); h == nil {
		t.Errorf("with a store that cannot be read: %s", res.Status)
	}
}

// TestAccessTokenWhereTheAppChecks: one of ours makes nobody somebody there, and the app
// does not see it.
func TestAccessTokenWhereTheAppChecks(t *testing.T) {
	l := listen(t, ownAuth(policy.Rules{}), func(a *gate.App) { a.Tokens = true })
	_, h := l.send(http.MethodGet, "/dav/x", with("Authorization", "Bearer gatehouse_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	l.isNobody("token", h)
	if h["Authorization"] != nil {
		t.Errorf("the app gets %q", h["Authorization"])
	}
}

// TestSigningOutWhereTheAppChecks ends the session as everywhere.
func TestSigningOutWhereTheAppChecks(t *testing.T) {
	l := listen(t, ownAuth(policy.Rules{}), func(a *gate.App) {
		a.LogoutOn = []gate.LogoutAddress{must(gate.ParseLogoutAddress("/dav/*?bye"))}
	})
	s, token := l.door.signIn()
	if _, h := l.send(http.MethodGet, "/dav/?bye", holding(token), navigating, with("Sec-Fetch-Site", "same-origin")); h == nil {
		t.Error("the app is not asked")
	} else {
		l.isNobody("sign-out", h)
	}
	if _, err := l.door.Sessions.Get(t.Context(), s.ID); err == nil {
		t.Error("the session goes on")
	}
}
