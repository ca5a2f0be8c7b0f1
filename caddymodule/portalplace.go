// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"
)

// locatePortal checks that the portal's URL leads to the portal, and that nothing
// else does.
func (l *locator) locatePortal() (place, error) {
	p := place{address: l.portal}
	if err := l.checkPortalPlain(); err != nil {
		return p, err
	}
	arrived, why := false, "no site serves it"
	for _, door := range l.doors {
		finds := l.leadTo(door)
		if len(finds) == 0 {
			return p, fmt.Errorf("gatehouse: gatehouse_portal%s stands where no route of a site leads to it: move it into the site of %s", written(door.Source), l.portal.origin())
		}
		for _, f := range finds {
			if err := l.checkDoor(door, f); err != nil {
				return p, err
			}
			for _, overTLS := range l.arrivals(f.server, l.portal) {
				reached, answered, err := send(f.server, l.portal, "/login", overTLS)
				if err != nil {
					return p, fmt.Errorf("gatehouse%s: portal: %w", written(l.source), err)
				}
				gate, gated := reached.(*Gate)
				switch {
				case gated:
					return p, fmt.Errorf("gatehouse: %s stands before gatehouse_portal, and nobody could sign in: move the gate into the site of its app, on a host of its own", gate.title())
				case reached == door:
					arrived = true
					p.endsTLS = p.endsTLS || overTLS
				case answered != "":
					why = fmt.Sprintf("%q answers before gatehouse_portal", answered)
				}
			}
		}
	}
	if !arrived {
		return p, l.noPortal(why)
	}
	return p, nil
}

// noPortal is the error for a portal that is nowhere.
func (l *locator) noPortal(why string) error {
	return fmt.Errorf("gatehouse%s: portal %s: %s: write a site %s { gatehouse_portal }, or correct the option portal", written(l.source), l.portal, why, l.portal)
}

func (l *locator) checkPortalPlain() error {
	if l.portal.scheme == "https" || l.insecure || isLocal(l.portal.host) {
		return nil
	}
	https := l.portal
	https.scheme, https.port = "https", ""
	return fmt.Errorf("gatehouse%s: portal %s is plain http, and not localhost: whoever listens on the way learns every password. "+
		"Write portal %s, also when TLS ends in front of Caddy; or write insecure_http into the global option gatehouse", written(l.source), l.portal, https)
}

// checkDoor refuses a portal in a site for other hosts, where nobody could sign in.
func (l *locator) checkDoor(door *Portal, f find) error {
	names, ok := f.hosts.literal()
	if !ok || slices.ContainsFunc(names, func(name string) bool { return hostMatches(name, l.portal.host) }) {
		return nil
	}
	return fmt.Errorf("gatehouse: gatehouse_portal%s stands in the site of %q, and the portal is %s: move it there, or correct the option portal", written(door.Source), names[0], l.portal)
}

// checkNeighbours checks what apps must not share. Browsers keep cookies for a
// host, whatever its port, so one host is one origin.
func checkNeighbours(apps []*located) error {
	type tenant struct {
		app *located
		at  address
	}
	var tenants []tenant
	for _, app := range apps {
		for _, p := range app.places {
			for _, other := range tenants {
				switch {
				case other.at == p.address:
					return fmt.Errorf("gatehouse: %s and %s both live at %s: write a url with a path for one of them, such as url %s/%s", other.app.title(), app.title(), p.address, p.origin(), app.name)
				case other.at.host == p.host && other.at.origin() != p.origin():
					return fmt.Errorf("gatehouse: %s of %s and %s of %s are one host for browsers, which would mix up their cookies: write a url with only one of the two, or use a second host name", other.at.origin(), other.app.title(), p.origin(), app.title())
				}
			}
			tenants = append(tenants, tenant{app, p.address})
		}
	}
	return nil
}
