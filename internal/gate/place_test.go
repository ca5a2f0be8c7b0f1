// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// to sets the Host header.
func to(host string) func(*http.Request) { return func(r *http.Request) { r.Host = host } }

// TestHostTricks: whatever is in Host, people are led to configured addresses only,
// and one that is the app's in another spelling is the app's (threat 9).
func TestHostTricks(t *testing.T) {
	d := newGate(t, at(wiki, tickets))
	_, token := d.signIn()
	for _, host := range []string{"WIKI.Example.com", "wiki.example.com.", "wiki.example.com:443", "Wiki.Example.Com.:443"} {
		d.sent(ask(wiki+"/x", navigating, to(host)), handoff.Login(portal, wiki+"/x"))
		d.passed(ask(wiki+"/x", to(host), holding(token)))
	}
	for _, host := range []string{"", "evil.example", "wiki.example.com:8443", "wiki.example.com.evil.example", "wiki.example.com@evil.example", "[::1]", "wiki.example.com:", ":443", "a b"} {
		d.sent(ask(wiki+"/x", navigating, to(host)), handoff.Login(portal, wiki+"/x"))
	}
	// Not the first address, as which any host would count.
	for _, host := range []string{"tickets.example.org", "TICKETS.example.org", "tickets.example.org.", "tickets.example.org:443", "Tickets.Example.Org.:443"} {
		d.sent(ask(wiki+"/x", navigating, to(host)), handoff.Login(portal, tickets+"/x"))
	}
	// A token of one host opens nothing on the other, whatever Host says.
	d.answered(ask(wiki+"/x", to("tickets.example.org"), holding(token)), http.StatusUnauthorized)
}

// TestAppBelowPaths: apps that share a host by path each have their own address, and
// one is not taken for the other because its name begins alike.
func TestAppBelowPaths(t *testing.T) {
	const host = "https://apps.example.com"
	d := newGate(t, at(host+"/wiki", host+"/wiki/old", "https://wiki.example.org"))
	for path, home := range map[string]string{
		"/wiki/x": host + "/wiki", "/wiki": host + "/wiki", "/wiki/old/x": host + "/wiki/old", "/wiki/older/x": host + "/wiki",
	} {
		d.sent(ask(host+path+"?q=1", navigating), handoff.Login(portal, host+path+"?q=1"))
		w := d.answered(ask(home+"/.gatehouse/logout", navigating), http.StatusSeeOther)
		if got, want := w.Header().Get("Location"), portal+"/logout?"+(url.Values{"return_to": {home + "/"}}).Encode(); got != want {
			t.Errorf("%s: sent to %s, want %s", path, got, want)
		}
	}
	// A path below none of them is still on this host, where this host's token counts.
	token := d.handOff(d.login(d.anna), host)
	d.passed(ask(host+"/wikipedia", holding(token)))
	d.sent(ask(host+"/wikipedia", navigating), handoff.Login(portal, host+"/wiki/"))
	d.sent(ask("https://wiki.example.org/", navigating), handoff.Login(portal, "https://wiki.example.org/"))
}

// TestPathTakenOff: a site that takes the app's own path off (handle_path) still
// leads people back to the address as they know it, and the reserved path is found;
// the policy sees what is forwarded.
func TestPathTakenOff(t *testing.T) {
	const base = "https://apps.example.com/wiki"
	d := newGate(t, at(base), public("/healthz"))
	arrive := func(path string, edits ...func(*http.Request)) (*http.Request, *url.URL) {
		original, err := url.Parse(base + path)
		if err != nil {
			t.Fatal(err)
		}
		r := ask("https://apps.example.com"+path, edits...)
		r.RequestURI = original.RequestURI()
		return r, original
	}
	pass, w := d.admitAt(arrive("/page%20a?x=1", navigating))
	if got, want := w.Header().Get("Location"), handoff.Login(portal, base+"/page%20a?x=1"); pass != nil || got != want {
		t.Errorf("sent to %s, want %s", got, want)
	}
	if pass, _ = d.admitAt(arrive("/healthz")); pass == nil {
		t.Error("a public path is not seen as it is forwarded")
	}
	nonce := session.NewNonce()
	code := d.code(d.login(d.anna), nonce, "https://apps.example.com", base+"/page")
	_, w = d.admitAt(arrive("/.gatehouse/land?code="+code, navigating, holding(nonce)))
	token, ok := session.ParseToken(cookieSet(w))
	if !ok || w.Header().Get("Location") != base+"/page" {
		t.Fatalf("landed at %s with %q", w.Header().Get("Location"), cookieSet(w))
	}
	if pass, _ = d.admitAt(arrive("/page", holding(token))); pass == nil || pass.User.Name != "anna" {
		t.Error("not signed in after landing")
	}
	if pass, w = d.admitAt(arrive("/.gatehouse/x", navigating)); pass != nil || w.Code != http.StatusNotFound {
		t.Error("the reserved path reaches the app")
	}
}

// TestPlainTwin: on plain http nothing of an https app is served, neither its pages
// nor the reserved path, and nobody is given a cookie; navigations go to https.
func TestPlainTwin(t *testing.T) {
	d := newGate(t, public("/healthz"), func(a *gate.App) { a.Redirects = true })
	_, token := d.signIn()
	twin := func(path string, edits ...func(*http.Request)) *http.Request {
		return ask("http://wiki.example.com"+path, edits...)
	}
	for path, want := range map[string]string{"/a%20b?x=1": "/a%20b?x=1", "/healthz": "/healthz", "/.gatehouse/begin?return_to=x": "/", "/a/../b": "/"} {
		if w := d.sent(twin(path, navigating, holding(token)), wiki+want); w.Header()["Set-Cookie"] != nil {
			t.Errorf("%s: a cookie is set on plain http", path)
		}
		d.answered(twin(path, holding(token)), http.StatusUnauthorized)
	}
	r := ask(wiki+"/", holding(token))
	r.TLS = new(tls.ConnectionState)
	d.passed(r)
}

// TestPlainHost: on plain http the cookie has the name that browsers accept there,
// and the one for https counts for nothing.
func TestPlainHost(t *testing.T) {
	const local = "http://wiki.localhost:8080"
	d := newGate(t, at(local))
	token := d.handOff(d.login(d.anna), local)
	d.passed(ask(local+"/", with("Cookie", "gatehouse="+token.Text())))
	d.answered(ask(local+"/", holding(token)), http.StatusUnauthorized)
	w := d.answered(ask(local+"/", navigating), http.StatusSeeOther)
	if c := w.Result().Cookies(); len(c) != 1 || c[0].Name != "gatehouse" || c[0].Secure || !c[0].HttpOnly {
		t.Errorf("Set-Cookie %q", w.Header()["Set-Cookie"])
	}
}
