// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

func cleaner(names ...string) *gate.Cleaner { return gate.NewCleaner(names, false) }

// A client's identity headers never arrive, in whatever spelling an app or the
// gateway interface before it would take for one (threats 1 to 3; oauth2-proxy
// CVE-2025-64484, Caddy GHSA-49wc-4hcv-v58q, GHSA-7r4p-vjf4-gxv4).
func TestForgedIdentityHeadersAreRemoved(t *testing.T) {
	c := cleaner("X-Erp-User", "REMOTE_ROLE")
	for _, name := range []string{
		"Remote-User", "remote-user", "REMOTE-USER", "Remote_User", "remote_user", "Remote.User", "Remote User", "rEMOTE~uSER", "Remote_user",
		"X-Erp-User", "x_erp_user", "X-Erp.User", "X_Erp-User", "Remote-Role", "remote.role",
		"X-Gatehouse-Jwt", "X_Gatehouse_Jwt", "x.gatehouse.jwt", "X-Gatehouse-Session-Expires", "X_GATEHOUSE_ANYTHING",
		"X-Forwarded-User", "X_Forwarded_User", "X-Auth-Request-Email", "X-Webauth-User", "X-Remote-User",
		"Redirect-Remote-User", "Php-Auth-User", "PHP_AUTH_USER", "Php-Auth-Pw",
		"Remote-Groups", "Remote_Name", "Remote-Email", "Proxy", "PROXY",
		"X-Original-Url", "X-Original-URL", "X_Original_URL", "X-Rewrite-Url", "X-Rewrite-URL",
		"X-Authentik-Username", "x_authentik_groups", "X-Auth-Request-Anything", "X-Webauth-Role", "X-Pomerium-Claim-Email", "X-Token-Subject", "X-Token-User-Roles",
		"OIDC_CLAIM_sub", "oidc.claim.email", "Oidc-Access-Token", "X-Vouch-Idp-Claims-Name", "Mellon-Name-Id", "Shib-Session-Id", "Tailscale-User-Login",
		"Cf-Access-Authenticated-User-Email", "Cf-Access-Jwt-Assertion", "X-Goog-Authenticated-User-Email", "X-Goog-Iap-Jwt-Assertion",
		"X-Amzn-Oidc-Identity", "X-Ms-Client-Principal", "X_MS_Client_Principal_Name", "X-Ms-Token-Aad-Id-Token",
		"SM_USER", "Sm-Userdn", "iv-user", "IV_Groups", "OAM_REMOTE_USER", "Ct_Remote_User", "X-Gatehouse-",
		"Authorization", "authorization",
	} {
		h := http.Header{name: {"admin"}, "Accept": {"*/*"}}
		c.Clean(h)
		if diff := cmp.Diff(http.Header{"Accept": {"*/*"}}, h); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What only looks alike, and what Caddy and the app need, arrives untouched.
func TestOrdinaryHeadersStay(t *testing.T) {
	h := http.Header{}
	for _, name := range []string{
		"Accept", "Cookie", "Host", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host",
		"X-Requested-With", "Remote-Users", "XRemote-User", "Remoteuser", "Proxy-Connection", "X-Gatehouse", "X-Gatehouses-Own", "X", "", "Shibboleth", "Oidcs-Claim", "X-Token", "Sm", "Cf-Ray", "X-Client", "Ssl", "X-Csrf-Token",
		"Authorization-Info", "Sec-Fetch-Mode", "Origin", "Upgrade",
	} {
		h[name] = []string{"x"}
	}
	h["Upgrade"] = []string{"WebSocket"}
	want := maps.Clone(h)
	cleaner("X-Erp-User").Clean(h)
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
}

// What a load balancer says about a request arrives from a trusted one and from
// nobody else, in whatever spelling: apps build links from it and let people in by
// address (threat 7, oauth2-proxy GHSA-7x63-xv5r-3p2x).
func TestForwardingHeadersArriveFromTrustedProxiesOnly(t *testing.T) {
	for _, name := range []string{
		"Forwarded", "X-Real-Ip", "X_Real_IP", "X-Forwarded-Prefix", "X_Forwarded_Prefix", "X-Forwarded-Port", "X-Forwarded-Scheme", "X-Forwarded-Ssl",
		"X-Forwarded-Server", "X_Forwarded_By", "X-Forwarded-Protocol", "X-Forwarded-Client-Cert", "X-Forwarded", "Forwarded-For",
		"Client-Ip", "CLIENT_IP", "X-Client-Ip", "True-Client-Ip", "X-Cluster-Client-Ip", "Cf-Connecting-Ip", "X-Original-Forwarded-For", "X-Remote-Addr",
		"X-Original-Host", "X-Host", "X-Http-Host-Override", "Front-End-Https", "X-Url-Scheme",
		"Client-Cert", "X-Client-Cert", "X_Client_Cert_DN", "X-Ssl-Client-S-Dn", "SSL_CLIENT_S_DN", "Ssl-Client-Verify",
	} {
		h := http.Header{name: {"10.0.0.1"}}
		cleaner().Clean(h)
		if len(h) > 0 {
			t.Errorf("%s arrives from anybody", name)
		}
		h = http.Header{name: {"10.0.0.1"}, "X_forwarded_user": {"admin"}}
		gate.NewProxyCleaner(nil, false).Clean(h)
		if len(h[name]) != 1 || len(h) != 1 {
			t.Errorf("%s of a trusted proxy: %v", name, h)
		}
	}
}

// The proxy behind the gate sets X-Forwarded-Host, or takes it from a peer that it
// trusts. A second spelling beside it would be the same variable for CGI and PHP.
func TestMisspeltForwardingHeadersNeverArrive(t *testing.T) {
	for _, name := range []string{"X_Forwarded_Host", "X_forwarded_host", "X-Forwarded_For", "X.Forwarded.Proto", "x-forwarded-host"} {
		for _, c := range []*gate.Cleaner{cleaner(), gate.NewProxyCleaner(nil, false)} {
			h := http.Header{name: {"evil.example"}, "X-Forwarded-Host": {"wiki.example.com"}}
			c.Clean(h)
			if diff := cmp.Diff(http.Header{"X-Forwarded-Host": {"wiki.example.com"}}, h); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	h := http.Header{"X-Forwarded-For": {"admin"}}
	if gate.NewProxyCleaner([]string{"X-Forwarded-For"}, false).Clean(h); len(h) > 0 {
		t.Error("a header that the app reads identities from arrives in the client's words")
	}
}

// Several apps read Authorization before REMOTE_USER (threat 5): it stays only for
// an app that checks it itself.
func TestAuthorizationIsKeptOnlyOnRequest(t *testing.T) {
	for _, keep := range []bool{false, true} {
		h := http.Header{"Authorization": {"Basic YWRtaW46eA=="}}
		gate.NewCleaner(nil, keep).Clean(h)
		if _, kept := h["Authorization"]; kept != keep {
			t.Errorf("keep %t: kept %t", keep, kept)
		}
	}
}

// Beside rules with methods no header names another one, in whatever spelling
// (threat 47).
func TestMethodOverrideIsRemoved(t *testing.T) {
	c := cleaner(policy.OverrideHeaders()...)
	for _, name := range []string{"X-Http-Method-Override", "X-HTTP-Method-Override", "x_http_method_override", "X-Http-Method", "X.Method.Override", "X-Original-Method"} {
		h := http.Header{name: {"DELETE"}}
		c.Clean(h)
		if len(h) > 0 {
			t.Errorf("%s arrives", name)
		}
	}
}

// A client cannot have the proxy delete what the gate is going to set, by calling
// it hop-by-hop (threat 4, Oathkeeper GHSA-w9mr-28mw-j8hg).
func TestConnectionCannotNameOurHeaders(t *testing.T) {
	for name, test := range map[string]struct{ lines, want []string }{
		"plain":          {[]string{"close, X-Gatehouse-Jwt"}, []string{"close"}},
		"case":           {[]string{"x-GATEHOUSE-jwt,keep-alive"}, []string{"keep-alive"}},
		"spacing":        {[]string{" \tRemote-User\t ,\tclose"}, []string{"close"}},
		"several lines":  {[]string{"close", "Remote-User", "Upgrade, X-Erp-User"}, []string{"close, Upgrade"}},
		"nothing else":   {[]string{"X-Gatehouse-Jwt"}, nil},
		"empty members":  {[]string{",,Remote-Groups,,"}, nil},
		"cookie":         {[]string{"Cookie, Upgrade"}, []string{"Upgrade"}},
		"authorization":  {[]string{"authorization"}, nil},
		"foldable":       {[]string{"Remote_User, te"}, []string{"te"}},
		"repeated":       {[]string{"Remote-User, Remote-User, Remote-Email"}, nil},
		"not ours":       {[]string{"keep-alive, X-Other", "Upgrade"}, []string{"keep-alive, X-Other", "Upgrade"}},
		"only beginning": {[]string{"Remote-Usera"}, []string{"Remote-Usera"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Connection": test.lines}
			gate.NewCleaner([]string{"X-Erp-User"}, true).Clean(h)
			if diff := cmp.Diff(test.want, h["Connection"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A client cannot have its connection handed to the app for another protocol, in which
// it would say what it likes past the gate: requests for other paths, with the headers
// of anybody ("h2c smuggling").
func TestClientsAskForNoProtocolButWebSocket(t *testing.T) {
	for _, lines := range [][]string{
		{"h2c"}, {"H2C"}, {" h2c "}, {"h2c, websocket"}, {"websocket, h2c"}, {"websocket", "h2c"}, {"h2c", "websocket"},
		{"websocket/13"}, {"TLS/1.0"}, {"HTTP/2.0"}, {"SPDY/3.1"}, {"tcp"}, {"connect-udp"}, {""}, {"", "h2c"},
	} {
		h := http.Header{"Upgrade": lines, "Connection": {"Upgrade, HTTP2-Settings"}, "Http2-Settings": {"AAMAAABkAAQAAP__"}}
		cleaner().Clean(h)
		if len(h["Upgrade"])+len(h["Http2-Settings"]) > 0 {
			t.Errorf("%q: %v", lines, h)
		}
	}
	for _, line := range []string{"websocket", "WebSocket", "\twebsocket "} {
		h := http.Header{"Upgrade": {line}}
		if cleaner().Clean(h); len(h) != 1 {
			t.Errorf("%q is lost", line)
		}
	}
}

// Fields behind the body are cleaned as those before it, announced or not, when
// they arrive. Over a real connection, since a server fills them in late.
func TestForgedTrailersAreRemoved(t *testing.T) {
	for name, announce := range map[string]string{"announced": "Trailer: Remote-User, Cookie, X-Sum\r\n", "half": "Trailer: X-Sum\r\n", "silent": ""} {
		t.Run(name, func(t *testing.T) {
			got := make(chan http.Header, 1)
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				got <- r.Trailer
			}))
			defer upstream.Close()
			address, err := url.Parse(upstream.URL)
			if err != nil {
				t.Fatal(err)
			}
			c := cleaner()
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.Clean(r.Header)
				c.CleanTrailer(r)
				(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
					p.SetURL(address)
					p.Out.Trailer = r.Trailer
				}}).ServeHTTP(w, r)
			}))
			defer front.Close()
			conn, err := net.Dial("tcp", front.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"+announce+
				"\r\n1\r\nx\r\n0\r\nRemote-User: admin\r\nRemote_Groups: admins\r\nCookie: app=another\r\nX-Sum: 1\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			trailer := <-got
			for name := range trailer {
				if strings.HasPrefix(name, "Remote") || name == "Cookie" {
					t.Errorf("%s arrived", name)
				}
			}
			if announce != "" && trailer.Get("X-Sum") != "1" {
				t.Errorf("an honest trailer is lost: %v", trailer)
			}
		})
	}
}

// A request without a trailer keeps its body as it is.
func TestBodyWithoutTrailerIsNotWrapped(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("x"))
	body := r.Body
	cleaner().CleanTrailer(r)
	if r.Body != body {
		t.Error("wrapped")
	}
}

// What the quick look lets through and what it stops is what a slow comparison
// says, whatever the name.
func FuzzHeaderFolding(f *testing.F) {
	names := []string{"X-Erp-User", "Z9", "_odd", "Remote-User"}
	for _, name := range append([]string{"x_erp.user", "z9", "-odd", ".ODD", "Remote User", "X-Gatehouse-", "x_gatehouse_a"}, names...) {
		f.Add(name)
	}
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
				return '-'
			}
			return r
		}, strings.ToLower(latin1(s)))
	}
	f.Fuzz(func(t *testing.T, name string) {
		h := http.Header{name: {"x"}}
		cleaner(names...).Clean(h)
		_, kept := h[name]
		folded := fold(name)
		ours := slices.ContainsFunc(names, func(n string) bool { return fold(n) == folded })
		if ours && kept {
			t.Errorf("%q folds to one of ours and is kept", name)
		}
		known := strings.HasPrefix(folded, "remote-") || strings.HasPrefix(folded, "x-") || strings.Contains(folded, "auth") || folded == "proxy" ||
			slices.ContainsFunc([]string{"oidc-", "mellon-", "shib-", "tailscale-user-", "cf-", "ssl-client-", "client-", "true-client-", "fastly-client-", "front-end-", "forwarded", "sm-", "iv-", "oam-", "ct-"},
				func(beginning string) bool { return strings.HasPrefix(folded, beginning) })
		if !ours && !kept && !known {
			t.Errorf("%q is removed", name)
		}
	})
}

// latin1 makes a character of each byte, so that folding is by byte.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]&0x7f) | rune(s[i]&0x80)<<8)
	}
	return b.String()
}

func browserHeader() http.Header {
	return http.Header{
		"Accept":                    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		"Accept-Encoding":           {"gzip, deflate, br, zstd"},
		"Accept-Language":           {"de,en-US;q=0.7,en;q=0.3"},
		"Connection":                {"keep-alive"},
		"Cookie":                    {"a=b; c=d"},
		"Priority":                  {"u=0, i"},
		"Sec-Fetch-Dest":            {"document"},
		"Sec-Fetch-Mode":            {"navigate"},
		"Sec-Fetch-Site":            {"none"},
		"Sec-Fetch-User":            {"?1"},
		"Upgrade-Insecure-Requests": {"1"},
		"User-Agent":                {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
	}
}

// An honest request costs no memory.
func TestCleanAllocatesNothing(t *testing.T) {
	c, h := cleaner("X-Erp-User"), browserHeader()
	if n := testing.AllocsPerRun(100, func() { c.Clean(h) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkClean(b *testing.B) {
	c, h := cleaner("X-Erp-User"), browserHeader()
	b.ReportAllocs()
	for b.Loop() {
		c.Clean(h)
	}
}

// BenchmarkRange is the floor: looking at every name and doing nothing.
func BenchmarkRange(b *testing.B) {
	h := browserHeader()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for name := range h {
			n += len(name)
		}
	}
}
