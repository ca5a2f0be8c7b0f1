// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"fmt"
	"net/netip"
	"strings"
)

// misses says which requests come to the app, or to its files, around the gate.
func misses(app App) []Finding {
	const check = "routes"
	if len(app.Misses) == 0 {
		return []Finding{ok(check, app.Name, "every route that was found passes the gate")}
	}
	var findings []Finding
	for _, m := range app.Misses {
		text := fmt.Sprintf("requests such as %s are answered by %s without passing the gate", m.URL, m.By)
		const remedy = "move the gate in front of the route; for what everybody may see, write public PATH into the gate"
		if m.Same {
			findings = append(findings, fail(check, app.Name, text+", by the same app: whoever sends them can say who they are", remedy))
		} else {
			findings = append(findings, warn(check, app.Name, text, remedy))
		}
	}
	return findings
}

// proxies looks at whose word about clients counts. An https address whose TLS does not
// end in Caddy lies behind somebody who forwards.
func proxies(app App) []Finding {
	const (
		check  = "proxies"
		remedy = "name the load balancer in trusted_proxies (docs/behind-a-load-balancer.md)"
	)
	findings := hearsay(app, remedy)
	for _, p := range app.Places {
		subject := app.Name + " at " + p.URL
		behind := strings.HasPrefix(p.URL, "https://") && !p.EndsTLS
		switch {
		case p.TrustsAnybody:
			findings = append(findings, fail(check, subject, fmt.Sprintf("the server %s trusts every peer about the client's address, so every client can choose its own", p.Server),
				"name only your load balancers in trusted_proxies"))
		case behind && !p.TrustsProxies:
			findings = append(findings, warn(check, subject, fmt.Sprintf("TLS ends in front of Caddy, and the server %s trusts nobody there: everybody seems to come from one address", p.Server),
				remedy))
		case behind:
			findings = append(findings, ok(check, subject, "TLS ends in front of Caddy, which trusts a proxy there"))
		}
	}
	return findings
}

// hearsay tells of a peer that says for whom it forwards and is not trusted. In a private
// network it is a load balancer, most of the time; from anywhere else come scanners that
// make such headers up.
func hearsay(app App, remedy string) []Finding {
	const check = "proxies"
	peer, err := netip.ParseAddr(app.Hearsay)
	if err != nil {
		return nil
	}
	text := fmt.Sprintf("%v says for whom it forwards, in X-Forwarded-For or Forwarded, and is not trusted: what it forwards counts as its own", peer)
	if IsNeighbour(peer) {
		return []Finding{warn(check, app.Name, text, "if it is yours, "+remedy)}
	}
	return []Finding{ok(check, app.Name, text)}
}

// IsNeighbour reports whether an address is of this machine or of a private network.
func IsNeighbour(ip netip.Addr) bool {
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
}
