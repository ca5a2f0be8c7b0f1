// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
)

// layout is a Caddyfile without what differs from one test run to the next.
type layout struct {
	// portal is the portal's URL; none where the test writes its own options.
	portal string
	// options stand in the global option gatehouse, beside portal.
	options string
	// global are further global options.
	global string
	// sites are the site blocks.
	sites string
}

// text returns the Caddyfile for a gateway.
func (l layout) text(g *gateway) string {
	return fmt.Sprintf(`{
	admin unix/%s
	http_port %d
	https_port %d
	local_certs
	skip_install_trust
	%s
	gatehouse {
		portal %s
		%s
	}
}

%s
`, g.socket, g.http, g.https, l.global, l.portal, l.options, l.sites)
}

// with returns the layout with words of its sites replaced, in pairs.
func (l layout) with(pairs ...string) layout {
	l.sites = strings.NewReplacer(pairs...).Replace(l.sites)
	return l
}

// twoApps is what most tests need: a portal and two apps on domains that know
// nothing of each other, with access logs. WIKI and TICKETS are the upstreams.
var twoApps = layout{
	portal: "https://login.example.com",
	sites: `
login.example.com {
	log
	gatehouse_portal
}

wiki.example.org {
	log
	gatehouse wiki {
		public /public/*
	}
	reverse_proxy WIKI
}

tickets.example.net {
	log
	gatehouse tickets {
		allow group staff
	}
	reverse_proxy TICKETS
}
`,
}

// The addresses of twoApps.
const (
	login   = "https://login.example.com"
	wiki    = "https://wiki.example.org"
	tickets = "https://tickets.example.net"
)

// takenPorts are those that this run has given away.
var takenPorts sync.Map

// freePort returns a port that nobody listens on. It lies below the range from
// which the system gives ports to clients, so that none takes it meanwhile.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 20000 + rand.IntN(10000)
		if _, taken := takenPorts.LoadOrStore(port, true); taken {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port found")
	return 0
}
