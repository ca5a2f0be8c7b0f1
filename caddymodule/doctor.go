// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

// facts tells the doctor what is configured, and how the store and the keys are.
func (o *operator) facts(ctx context.Context, _ url.Values) (doctor.Facts, error) {
	f := doctor.Facts{Now: time.Now(), Portal: o.origin, Store: storeFacts(o.place)}
	if err := o.house.Healthy(ctx); err != nil {
		f.Store.Error = err.Error()
	}
	stats := o.house.Stats()
	f.Store.Size, f.Store.Free = stats.Size, stats.Free
	for _, key := range o.ListKeys() {
		f.Keys = append(f.Keys, doctor.Key{KID: key.KID, Algorithm: string(key.Algorithm), State: string(key.State), Created: key.Created})
	}
	// Without a portal that runs, nobody rotates keys.
	if err := o.Keys.Healthy(f.Now); err != nil && o.origin != "" {
		f.KeysError = err.Error()
	}
	if o.keyReaders != nil {
		for _, reader := range o.keyReaders() {
			f.KeyReaders = append(f.KeyReaders, doctor.KeyReader(reader))
		}
	}
	if o.apps == nil {
		return f, nil
	}
	var err error
	f.Apps, err = o.apps()
	return f, err
}

// storeFacts tells what a look at the store's file shows, if it is one.
func storeFacts(place string) doctor.Store {
	s := doctor.Store{Place: place, Disk: disk(place)}
	if file, err := os.Stat(place); err == nil {
		s.Modified = file.ModTime()
	}
	return s
}

// facts tells the doctor of the apps.
func (t *town) facts() ([]doctor.App, error) {
	if t.guide == nil {
		return nil, nil // only the store is used
	}
	var apps []doctor.App
	upstreams := upstreams(t.guide.doorman.http)
	for _, l := range t.apps {
		names := l.gates[0].Headers.resolve()
		app := doctor.App{Name: l.name, UserHeader: names.User, JWTHeader: names.JWT}
		for _, header := range names.all() {
			if *header.name != "" {
				app.Headers = append(app.Headers, *header.name)
			}
		}
		for _, g := range l.gates {
			if g.walk != nil { // it runs
				app.Hearsay = cmp.Or(app.Hearsay, g.walk.hearsay.told())
			}
		}
		for _, p := range l.places {
			app.Places = append(app.Places, t.placeFacts(l, p))
			if err := t.lookBehind(l, p, upstreams, &app); err != nil {
				return nil, err
			}
		}
		apps = append(apps, app)
	}
	return apps, nil
}

// placeFacts tells of a place of an app.
func (t *town) placeFacts(app *located, p place) doctor.Place {
	told := doctor.Place{URL: p.address.String(), EndsTLS: p.endsTLS}
	for _, f := range app.finds {
		if len(t.guide.arrivals(f.server, p.address)) == 0 || !f.hosts.cover(p.host) {
			continue
		}
		for name, server := range t.guide.doorman.http.Servers {
			if server == f.server {
				told.Server = name
			}
		}
		told.TrustsProxies = f.server.TrustedProxiesUnix
		told.TrustsAnybody = trustsAnybody(f.server)
		break
	}
	return told
}

// cover reports whether a host may be among the hosts.
func (h hosts) cover(host string) bool {
	return h.any || slices.ContainsFunc(h.patterns, func(pattern string) bool { return hostMatches(pattern, host) })
}

// trustsAnybody reports whether a server takes clients for proxies. They are asked
// for from networks that nobody has (RFC 5737, RFC 3849).
func trustsAnybody(server *caddyhttp.Server) bool {
	for _, client := range []string{"192.0.2.1", "203.0.113.254", "2001:db8::1"} {
		r, err := http.NewRequest(http.MethodGet, "/", http.NoBody)
		if err != nil {
			return false
		}
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(client), 49152).String()
		if fromTrustedProxy(caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, server)) {
			return true
		}
	}
	return false
}
