// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// topology is a way to lay out sites, and two pages of different apps in it.
type topology struct {
	name string
	layout
	wiki, tickets string // what a person opens
	wikiPath      string // how the wiki sees it, when not as the person does
}

// topologies are the ways in which people write their sites. Each is to work
// without any other word about where an app lives.
func topologies() []topology {
	return []topology{
		{name: "one host an app", wiki: "https://wiki.example.com/page?q=1", tickets: "https://tickets.example.com/", layout: layout{portal: login, sites: `
login.example.com {
	gatehouse_portal
}

wiki.example.com {
	gatehouse
	reverse_proxy WIKI
}

tickets.example.com {
	gatehouse
	reverse_proxy TICKETS
}
`}},
		{name: "wildcard with handle", wiki: "https://wiki.example.com/page?q=1", tickets: "https://tickets.example.com/", layout: layout{portal: login, sites: `
*.example.com {
	@login host login.example.com
	handle @login {
		gatehouse_portal
	}

	@wiki host wiki.example.com
	handle @wiki {
		gatehouse wiki
		reverse_proxy WIKI
	}

	@tickets host tickets.example.com
	handle @tickets {
		gatehouse tickets
		reverse_proxy TICKETS
	}

	handle {
		abort
	}
}
`}},
		{name: "two apps by path", wiki: "https://apps.example.com/wiki/page?q=1", tickets: "https://apps.example.com/list", layout: layout{portal: login, sites: `
login.example.com {
	gatehouse_portal
}

apps.example.com {
	handle /wiki/* {
		gatehouse wiki {
			url https://apps.example.com/wiki
		}
		reverse_proxy WIKI
	}

	handle {
		gatehouse tickets
		reverse_proxy TICKETS
	}
}
`}},
		{name: "handle_path", wiki: "https://apps.example.com/wiki/page?q=1", wikiPath: "/page?q=1", tickets: "https://apps.example.com/tickets/", layout: layout{portal: login, sites: `
login.example.com {
	gatehouse_portal
}

apps.example.com {
	handle_path /wiki/* {
		gatehouse wiki {
			url https://apps.example.com/wiki
			public /public/*
		}
		reverse_proxy WIKI
	}

	handle_path /tickets/* {
		gatehouse tickets {
			url https://apps.example.com/tickets
		}
		reverse_proxy TICKETS
	}
}
`}},
		{name: "foreign domains", wiki: "https://wiki.example.org/page?q=1", tickets: "https://tickets.example.net/", layout: twoApps},
		{name: "http and https in one site", wiki: "https://wiki.example.com/page?q=1", tickets: "https://tickets.example.com/", layout: layout{portal: login, sites: `
http://login.example.com, https://login.example.com {
	gatehouse_portal
}

http://wiki.example.com, https://wiki.example.com {
	tls internal
	gatehouse wiki
	reverse_proxy WIKI
}

http://tickets.example.com {
	gatehouse tickets
	reverse_proxy TICKETS
}

https://tickets.example.com {
	tls internal
	gatehouse tickets
	reverse_proxy TICKETS
}
`}},
		{name: "plain http on localhost", wiki: "http://wiki.localhost/page?q=1", tickets: "http://tickets.localhost/", layout: layout{portal: "http://login.localhost", sites: `
http://login.localhost {
	gatehouse_portal
}

http://wiki.localhost {
	gatehouse
	reverse_proxy WIKI
}

http://tickets.localhost {
	gatehouse
	reverse_proxy TICKETS
}
`}},
		{name: "IPv6", wiki: "http://[::1]/page?q=1", tickets: "https://[2001:db8::1]/", layout: layout{portal: "http://login.localhost", global: "default_sni 2001:db8::1", sites: `
http://login.localhost {
	gatehouse_portal
}

http://[::1] {
	gatehouse wiki
	reverse_proxy WIKI
}

https://[2001:db8::1] {
	tls internal
	gatehouse tickets
	reverse_proxy TICKETS
}
`}},
	}
}

// TestTopologies signs in once in each layout, and out again.
func TestTopologies(t *testing.T) {
	for _, topology := range topologies() {
		t.Run(topology.name, func(t *testing.T) {
			wikiApp, ticketsApp := newApp(t), newApp(t)
			g := start(t, topology.with("WIKI", wikiApp.address, "TICKETS", ticketsApp.address))
			oneLogin(t, g, topology, wikiApp)
		})
	}
}

// oneLogin is the main job: one form, two apps, one sign-out.
func oneLogin(t *testing.T, g *gateway, at topology, wikiApp *app) {
	p := g.person(t, "ada", "staff")
	b := g.browser(t)
	b.mustBeOut(at.wiki)
	b.arrive(p, at.wiki)
	page, err := url.Parse(at.wiki)
	if err != nil {
		t.Fatal(err)
	}
	want := page.RequestURI()
	if at.wikiPath != "" {
		want = at.wikiPath
	}
	if got := wikiApp.last(t).target(); got != want {
		t.Errorf("the wiki was asked for %q, want %q", got, want)
	}
	b.arriveKnown(at.tickets)
	b.mustKnow(p, at.wiki)
	b.mustKnow(p, at.tickets)
	for _, address := range []string{at.wiki, at.tickets} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if cookies := b.jar.Cookies(u); len(cookies) != 1 || !ours(cookies[0].Name) {
			t.Errorf("%s holds %d cookies: %v", u.Host, len(cookies), cookies)
		}
	}
	b.signOut(base(at.tickets))
	b.mustBeOut(at.wiki)
	b.mustBeOut(at.tickets)
	g.eventually("sign-in and sign-out are in the log", func() bool {
		return len(g.log.audit("login")) == 1 && len(g.log.audit("logout")) == 1
	})
}

// base returns the address of the app that a page belongs to: here a page is a
// path below its app.
func base(page string) string {
	return strings.TrimSuffix(page[:strings.LastIndex(page, "/")+1], "/")
}

// TestPlainHTTPIsLedToHTTPS: a site for both sends a navigation by http to https,
// and gives neither cookie nor page on the way.
func TestPlainHTTPIsLedToHTTPS(t *testing.T) {
	for _, at := range topologies() {
		if at.name != "http and https in one site" {
			continue
		}
		a := newApp(t)
		g := start(t, at.with("WIKI", a.address, "TICKETS", a.address))
		p := g.person(t, "ada")
		b := g.browser(t)
		answer := b.visit("http://wiki.example.com/page?q=1")
		if to := answer.location(); to != at.wiki || len(answer.header["Set-Cookie"]) > 0 {
			t.Errorf("%d, on to %q, with %q", answer.status, to, answer.header["Set-Cookie"])
		}
		b.arrive(p, at.wiki)
		if answer := b.fetch(http.MethodGet, "http://wiki.example.com/"); answer.status != http.StatusUnauthorized {
			t.Errorf("plain http is answered %d", answer.status)
		}
		w := b.open("http://tickets.example.com/")
		b.mustBeAt(w, at.tickets)
		if a.count() != 2 {
			t.Errorf("%d requests have reached an app, want 2", a.count())
		}
	}
}

// TestBehindALoadBalancer: TLS ends in front. The client's address comes from the
// one proxy that is trusted, for rules and audit lines, and from nobody else.
func TestBehindALoadBalancer(t *testing.T) {
	wikiApp, ticketsApp := newApp(t), newApp(t)
	g := prepare(t)
	balancer := loadBalancer(t, g)
	at := topology{wiki: wiki + "/page?q=1", tickets: tickets + "/", layout: layout{
		portal: login,
		global: "auto_https off\nservers {\ntrusted_proxies static 127.0.0.1/32\ntrusted_proxies_strict\n}",
		sites: `
http://login.example.com {
	gatehouse_portal
}

http://wiki.example.org {
	gatehouse wiki {
		url https://wiki.example.org
		deny address 203.0.113.0/24
		deny address 2001:db8:bad::/48
	}
	reverse_proxy WIKI
}

http://tickets.example.net {
	gatehouse tickets {
		url https://tickets.example.net
	}
	reverse_proxy TICKETS
}
`,
	}}
	g.write(at.with("WIKI", wikiApp.address, "TICKETS", ticketsApp.address))
	g.run()
	oneLogin(t, g, at, wikiApp)
	b := g.browser(t)
	p := g.person(t, "traveller")
	b.arrive(p, at.wiki)
	for client, want := range map[string]int{"203.0.113.7": http.StatusForbidden, "2001:db8:bad::7": http.StatusForbidden, "198.51.100.7": http.StatusOK} {
		balancer.client = client
		// What the client itself writes into the list stands left of the truth.
		r := b.request(http.MethodGet, at.wiki, nil)
		r.Header.Set("X-Forwarded-For", "198.51.100.9")
		if answer := b.do(r); answer.status != want {
			t.Errorf("from %s: %d, want %d", client, answer.status, want)
		}
	}
	for _, address := range []string{"203.0.113.7", "2001:db8:bad::7"} {
		g.eventually("the denial of "+address+" is in the log", func() bool {
			for _, line := range g.log.audit("denied") {
				if line["address"] == address {
					return true
				}
			}
			return false
		})
	}
}

// balancer ends TLS and says whose the request is.
type balancer struct {
	client string
}

func loadBalancer(t *testing.T, g *gateway) *balancer {
	t.Helper()
	lb := &balancer{client: "192.0.2.1"}
	behind := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(g.http))}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(behind)
		r.Out.Host = r.In.Host
		r.Out.Header["X-Forwarded-For"] = append(r.In.Header["X-Forwarded-For"], lb.client)
		r.Out.Header.Set("X-Forwarded-Proto", "https")
	}})
	server.TLS = &tls.Config{}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	g.https = server.Listener.Addr().(*net.TCPAddr).Port
	return lb
}
