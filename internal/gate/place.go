// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// place is one of the app's public addresses, with what every request there needs.
type place struct {
	handoff.Target
	index   int // among the app's places
	origin  string
	cookies session.Cookies
	// nobody is the tag of the app's cookies for requests without an identity, nil where
	// cookies are shared.
	nobody *appcookie.Tag
}

func newPlaces(app *App, tagger *appcookie.Tagger) []place {
	places := make([]place, len(app.Targets))
	for i, t := range app.Targets {
		places[i] = place{Target: t, index: i, origin: t.Origin(), cookies: session.Cookies{
			Secure:   t.Base.Scheme == "https",
			Embedded: len(app.Embedders) > 0,
		}}
		if !app.SharedCookies {
			places[i].nobody = tagger.Nobody(places[i].origin)
		}
	}
	return places
}

// place returns the address of the app at which a request has arrived. The Host
// header only chooses among the configured addresses. A host that is none of
// them is answered as if it were the first, so that sign-in leads people there.
func (g *Gate) place(r *http.Request, path string) *place {
	if len(g.places) == 1 {
		return &g.places[0]
	}
	best, length := 0, -2
	for i := range g.places {
		base := g.places[i].Base
		if !sameAuthority(r.Host, base) {
			continue
		}
		// A path outside of all of them leaves the host, whose cookie it is.
		fits := -1
		if rest, ok := strings.CutPrefix(path, base.Path); ok && (rest == "" || rest[0] == '/') {
			fits = len(base.Path)
		}
		if fits > length {
			best, length = i, fits
		}
	}
	return &g.places[best]
}

// sameAuthority compares a Host header with an address, without case, a dot at
// the end of the name, and the scheme's own port.
func sameAuthority(host string, base *url.URL) bool {
	if strings.EqualFold(host, base.Host) {
		return true
	}
	u := url.URL{Scheme: base.Scheme, Host: host}
	name := strings.TrimSuffix(u.Hostname(), ".")
	if !strings.EqualFold(name, base.Hostname()) {
		return false
	}
	return withPort(&u) == withPort(base)
}

func withPort(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
