// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

// place is a public URL, and how requests for it arrive.
type place struct {
	address
	// endsTLS says that Caddy itself ends TLS for it. A request without TLS has
	// then come to the plain twin of an https site. Otherwise TLS, if any, has
	// ended before Caddy.
	endsTLS bool
}

// town is where everything lives.
type town struct {
	portal place
	apps   []*located
	guide  *locator
	// vouchers are the apps that may sign people in.
	vouchers voucher.Book
}

// locate finds out where the portal and each app live, and checks what shows only
// when all sites are known. See docs/decisions/0001-where-an-app-lives.md.
func (a *App) locate() (*town, error) {
	if a.Portal == "" && len(a.gates)+len(a.doors) == 0 {
		return new(town), nil // only the store is used
	}
	portal, err := a.portalAddress()
	if err != nil {
		return nil, err
	}
	l := locator{portal: portal, source: a.Source, insecure: a.InsecureHTTP, gates: a.gates, doors: a.doors}
	configured, err := a.ctx.AppIfConfigured("http")
	switch {
	case errors.Is(err, caddy.ErrNotConfigured):
		return nil, l.noPortal("there are no sites")
	case err != nil:
		return nil, err
	}
	http := configured.(*caddyhttp.App)
	l.doorman = doorman{http: http, portalPort: portal.port}
	l.finds = survey(http)
	return l.locate()
}

// locator holds what locating needs.
type locator struct {
	portal   address
	source   string // where the portal's URL is written
	insecure bool
	gates    []*Gate
	doors    []*Portal
	doorman  doorman
	finds    []find
}

func (l *locator) locate() (*town, error) {
	apps, err := l.group()
	if err != nil {
		return nil, err
	}
	for _, app := range apps {
		if err := errors.Join(l.settle(app), l.checkTold(app.gates[0].BackchannelLogout)); err != nil {
			return nil, app.wrap(err)
		}
	}
	portal, err := l.locatePortal()
	if err != nil {
		return nil, err
	}
	vouchers, err := bookOf(apps)
	if err != nil {
		return nil, err
	}
	return &town{portal: portal, apps: apps, guide: l, vouchers: vouchers}, cmp.Or(checkNeighbours(apps), checkCompanions(apps), checkEmbedded(apps))
}

// group makes one app of all gates with one name.
func (l *locator) group() ([]*located, error) {
	var apps []*located
	for _, gate := range l.ordered() {
		finds := l.leadTo(gate)
		if len(finds) == 0 {
			return nil, gate.wrap(errors.New("no route of a site leads to its gate: a gate does not work in handle_errors, handle_response and the like; move it in front of the app"))
		}
		app, err := l.claim(gate, finds)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(apps, func(other *located) bool { return other.name == app.name })
		if i < 0 {
			apps = append(apps, app)
			continue
		}
		if err := apps[i].join(app); err != nil {
			return nil, apps[i].wrap(err)
		}
	}
	return apps, nil
}

// ordered returns the gates in the order in which the survey found them, so that
// one configuration always gets the same error, then those that it did not find.
func (l *locator) ordered() []*Gate {
	var gates []*Gate
	for _, f := range l.finds {
		if gate, ok := f.handler.(*Gate); ok && !slices.Contains(gates, gate) {
			gates = append(gates, gate)
		}
	}
	for _, gate := range l.gates {
		if !slices.Contains(gates, gate) {
			gates = append(gates, gate)
		}
	}
	return gates
}

// leadTo returns the finds of one handler.
func (l *locator) leadTo(handler caddyhttp.MiddlewareHandler) []find {
	var finds []find
	for _, f := range l.finds {
		if f.handler == handler {
			finds = append(finds, f)
		}
	}
	return finds
}

// claim returns the app of one gate as the gate alone describes it.
func (l *locator) claim(gate *Gate, finds []find) (*located, error) {
	app := &located{name: gate.Name, gates: []*Gate{gate}, finds: finds}
	addresses, err := l.addresses(gate, finds)
	if err != nil {
		return nil, gate.wrap(err)
	}
	for _, a := range addresses {
		app.add(place{address: a})
	}
	if app.name == "" {
		if app.name, err = nameOf(addresses); err != nil {
			return nil, gate.wrap(err)
		}
	}
	return app, nil
}

// addresses returns the URLs that a gate names, or those of the hosts that lead to it.
func (l *locator) addresses(gate *Gate, finds []find) ([]address, error) {
	var addresses []address
	for _, raw := range gate.URLs {
		a, err := parseAddress(raw)
		if err != nil {
			return nil, fmt.Errorf("url: %w", err)
		}
		addresses = append(addresses, a)
	}
	if len(addresses) > 0 {
		return addresses, nil
	}
	for _, f := range finds {
		some, err := l.derive(f)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, some...)
	}
	return preferHTTPS(addresses), nil
}

// derive returns the URLs of the hosts of a site.
func (l *locator) derive(f find) ([]address, error) {
	const advice = `write its public URL into the gate, such as "url https://wiki.example.com"`
	names, ok := f.hosts.literal()
	if !ok {
		return nil, errors.New("its site is for any host, or for hosts that a pattern names, so where it lives is not known: " + advice)
	}
	entrances := l.doorman.entrances(f.server)
	if len(entrances) == 0 {
		return nil, fmt.Errorf("its site listens on %s, which says nothing of its public URL: %s", strings.Join(f.server.Listen, " "), advice)
	}
	var addresses []address
	for _, name := range names {
		if plain, dotted := strings.CutSuffix(name, "."); dotted {
			return nil, fmt.Errorf("its site is for %q, and requests for %s would not come to it: write the site's address without the dot at its end", name, plain)
		}
		host, err := canonicalHost(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, advice)
		}
		for _, e := range entrances {
			addresses = append(addresses, address{scheme: e.scheme(), host: host, port: e.port})
		}
	}
	return addresses, nil
}

// preferHTTPS drops the http address of a host that has an https address too: a
// site for both is one app, whose plain side only leads to the other.
func preferHTTPS(addresses []address) []address {
	return slices.DeleteFunc(addresses, func(a address) bool {
		return a.scheme == "http" && slices.ContainsFunc(addresses, func(b address) bool {
			return b.scheme == "https" && b.host == a.host && b.path == a.path
		})
	})
}

// settle checks the app's places, and that each of them leads to its gate.
func (l *locator) settle(app *located) error {
	if !slices.ContainsFunc(app.gates, func(g *Gate) bool { return len(g.URLs) > 0 }) {
		app.dropTwins()
	}
	for i := range app.places {
		p := &app.places[i]
		if p.host == l.portal.host {
			return fmt.Errorf("it lives at %s, on the portal's host: what an app can do on its host would open the portal too. Give each of the two a site on a host of its own", p.address)
		}
		if err := l.checkPlain(p.address); err != nil {
			return err
		}
		if err := l.reach(app, p); err != nil {
			return err
		}
	}
	return nil
}

// dropTwins drops places on http whose host is on https too, once the gates of
// both sites are known.
func (app *located) dropTwins() {
	var addresses []address
	for _, p := range app.places {
		addresses = append(addresses, p.address)
	}
	app.places = nil
	for _, a := range preferHTTPS(addresses) {
		app.places = append(app.places, place{address: a})
	}
}

// checkPlain refuses plain http where somebody could listen.
func (l *locator) checkPlain(a address) error {
	if a.scheme == "https" || l.insecure || isLocal(a.host) {
		return nil
	}
	https := a
	https.scheme, https.port = "https", ""
	return fmt.Errorf("%s is plain http, and not localhost: whoever listens on the way could take over a session. "+
		"Serve it with https; or, when TLS ends in front of Caddy, write url %s; or write insecure_http into the global option gatehouse", a, https)
}

// reach checks that requests for the gate's own path at a place come to a gate of
// the app.
func (l *locator) reach(app *located, p *place) error {
	var (
		path     = p.path + reserved + "/whoami"
		arrived  bool
		obstacle = "no route leads there"
	)
	for _, f := range app.finds {
		for _, overTLS := range l.arrivals(f.server, p.address) {
			reached, answered, err := send(f.server, p.address, path, overTLS)
			switch {
			case err != nil:
				return err
			case app.owns(reached):
				arrived = true
				p.endsTLS = p.endsTLS || overTLS
			case reached != nil:
				obstacle = standing(reached) + " stands there"
			case answered != "":
				obstacle = fmt.Sprintf("%q answers it first", answered)
			}
		}
	}
	if arrived {
		return nil
	}
	return fmt.Errorf("requests for %s do not come to its gate: %s. %s", p.origin()+path, obstacle, app.advice(p.address))
}

// standing names a handler of ours that stands where another one should.
func standing(handler caddyhttp.MiddlewareHandler) string {
	switch h := handler.(type) {
	case *Gate:
		return "the gate of " + h.title()
	case *Portal:
		return "gatehouse_portal" + written(h.Source)
	}
	return "another handler"
}

// arrivals returns whether requests for an address come to a server with TLS or
// without: plain http only without, https also without, when TLS ends before Caddy.
func (l *locator) arrivals(server *caddyhttp.Server, a address) []bool {
	entrances := l.doorman.entrances(server)
	if len(entrances) == 0 {
		entrances = []entrance{{tls: len(server.TLSConnPolicies) > 0}}
	}
	var arrivals []bool
	for _, e := range entrances {
		if (a.scheme == "https" || !e.tls) && !slices.Contains(arrivals, e.tls) {
			arrivals = append(arrivals, e.tls)
		}
	}
	return arrivals
}

// advice says what to write so that an address leads to the gate.
func (app *located) advice(a address) string {
	for _, f := range app.finds {
		for _, path := range f.paths {
			prefix, ok := strings.CutSuffix(path, "/*")
			if below := (address{a.scheme, a.host, a.port, prefix}); ok && prefix != "" && prefix != a.path && !fuzzy(prefix) {
				return fmt.Sprintf("The gate stands below %s: write url %s", prefix, below)
			}
		}
	}
	return "Move the gate to where all requests for the app pass, or write the url at which it does see them, such as url " + a.origin() + "/app"
}
