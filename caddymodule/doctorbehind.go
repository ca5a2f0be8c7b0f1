// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy/fastcgi"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

// lookBehind finds what answers for an app at one of its places, behind its gate and
// around it.
func (t *town) lookBehind(app *located, p place, all []upstream, told *doctor.App) error {
	at := lookout{town: t, app: app, place: p, told: told}
	for _, u := range all {
		if u.hosts.cover(p.host) {
			if err := at.look(u); err != nil {
				return err
			}
		}
	}
	for i, miss := range told.Misses {
		told.Misses[i].Same = slices.ContainsFunc(told.Upstreams, func(u doctor.Upstream) bool { return u.Address == miss.By })
	}
	return nil
}

// lookout looks at a place of an app.
type lookout struct {
	*town
	app   *located
	place place
	told  *doctor.App
}

// look sends samples of what leads to an upstream, and notes whether they come there
// through the app's gate. What no sample comes to depends on more than paths, and
// counts as behind a gate that the samples pass.
func (l *lookout) look(u upstream) error {
	found, passed := false, false
	for _, path := range u.samples() {
		if below := l.place.path; path != below && !strings.HasPrefix(path, below+"/") {
			path = below + path
		}
		for _, overTLS := range l.guide.arrivals(u.server, l.place.address) {
			end, err := l.walk(u, path, overTLS)
			if err != nil {
				return err
			}
			passed = passed || l.app.owns(end.reached)
			if end.by != u.handler {
				continue
			}
			found = true
			if end.reached == nil {
				l.missed(u, path)
			} else if l.app.owns(end.reached) {
				l.behind(u, path, end.askedFor)
			}
		}
	}
	if passed && !found {
		l.behind(u, l.place.path+"/", l.place.path+"/")
	}
	return nil
}

// walk follows a request for the place to whatever answers it.
func (l *lookout) walk(u upstream, path string, overTLS bool) (*probe, error) {
	to := l.place.address
	to.path = ""
	end := &probe{server: u.server, insider: true, behind: true}
	return end, end.walk(errand{to: to, path: path, overTLS: overTLS})
}

// missed notes a request that comes to an upstream without a gate.
func (l *lookout) missed(u upstream, path string) {
	miss := doctor.Miss{URL: l.place.origin() + path, By: caddy.GetModuleName(u.handler)}
	if dials := dials(u); len(dials) > 0 {
		miss.By = cmp.Or(dials[0].Address, miss.By)
	}
	if !slices.ContainsFunc(l.told.Misses, func(other doctor.Miss) bool { return other.By == miss.By }) {
		l.told.Misses = append(l.told.Misses, miss)
	}
}

// behind notes an upstream of the app. The shortest path to it is the nearest to a
// front page.
func (l *lookout) behind(u upstream, path, askedFor string) {
	for _, d := range dials(u) {
		d.URL, d.Path = l.place.origin()+path, askedFor
		i := slices.IndexFunc(l.told.Upstreams, func(other doctor.Upstream) bool {
			return other.Network == d.Network && other.Address == d.Address && other.Unknown == d.Unknown
		})
		switch {
		case i < 0:
			l.told.Upstreams = append(l.told.Upstreams, d)
		case len(d.URL) < len(l.told.Upstreams[i].URL):
			l.told.Upstreams[i] = d
		}
	}
}

// dials returns where a proxy finds its app. A file server has none.
func dials(u upstream) []doctor.Upstream {
	h, ok := u.handler.(*reverseproxy.Handler)
	if !ok {
		return nil
	}
	plain := manner(h)
	if h.DynamicUpstreams != nil {
		plain.Unknown = "its address is looked up for each request (dynamic upstreams)"
		return []doctor.Upstream{plain}
	}
	var all []doctor.Upstream
	for _, pooled := range h.Upstreams {
		d := plain
		address, err := caddy.ParseNetworkAddress(pooled.Dial)
		switch {
		case strings.Contains(pooled.Dial, "{"), err != nil:
			d.Unknown = "its address depends on the request: " + pooled.Dial
		default:
			// A network may name a protocol behind a plus: unix+h2c.
			d.Network, _, _ = strings.Cut(address.Network, "+")
			d.Address = address.JoinHostPort(0)
		}
		all = append(all, d)
	}
	return all
}

// manner returns how a proxy speaks to its app, and what it does to headers on the way.
func manner(h *reverseproxy.Handler) doctor.Upstream {
	var u doctor.Upstream
	switch transport := h.Transport.(type) {
	case *fastcgi.Transport:
		u.FastCGI = true
		for name := range transport.EnvVars {
			if header, ok := strings.CutPrefix(name, "HTTP_"); ok {
				u.Sets = append(u.Sets, header)
			}
		}
	case reverseproxy.TLSTransport:
		u.TLS = transport.TLSEnabled()
	}
	if h.Headers != nil && h.Headers.Request != nil {
		ops := h.Headers.Request
		u.Sets, u.Adds, u.Deletes = append(u.Sets, namesIn(ops.Set)...), namesIn(ops.Add), ops.Delete
	}
	slices.Sort(u.Sets)
	return u
}

func namesIn(h http.Header) []string {
	var names []string
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
