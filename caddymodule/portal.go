// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-sso/gatehouse/internal/portal"
)

func init() { caddy.RegisterModule(new(Portal)) }

// Portal is where people sign in and out and see their apps. It answers for a
// whole host, the one that the `portal` of the app `gatehouse` names; no app may
// live on that host. It has no settings of its own. In a Caddyfile it is the
// directive `gatehouse_portal`.
type Portal struct {
	// Where it is written, such as `Caddyfile:9`. Errors name it; nothing else comes of
	// it. The Caddyfile adapter fills it in.
	Source string `json:"source,omitempty"`

	app *App
}

// CaddyModule returns the Caddy module information.
func (*Portal) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.gatehouse_portal", New: func() caddy.Module { return new(Portal) }}
}

// Provision makes the portal known to the app.
func (p *Portal) Provision(ctx caddy.Context) error {
	app, err := ctx.App("gatehouse")
	if err != nil {
		return err
	}
	p.app = app.(*App)
	p.app.doors = append(p.app.doors, p)
	return nil
}

// ServeHTTP answers a request on the portal's host.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if err := p.app.ready(); err != nil {
		p.app.refuse(w, err)
		return nil
	}
	id := p.app.requests.next()
	logRequestID(r, id)
	if portal.KeepsSecret(r) {
		skipLog(r)
	}
	if p.app.town.portal.endsTLS && r.TLS == nil {
		p.leadToHTTPS(w, r)
		return nil
	}
	p.app.portal.Serve(w, r, portal.Arrival{Client: clientOf(r), ID: id})
	return nil
}

// leadToHTTPS answers on the plain side of a portal whose URL is https. A form that
// comes here has been readable on the way, and is not taken.
func (p *Portal) leadToHTTPS(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.URL.Opaque != "" || !strings.HasPrefix(r.URL.EscapedPath(), "/") {
		// Behind the origin this would name another host ("GET http:@evil.example/").
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	to := p.app.town.portal.origin() + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	h.Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

var (
	_ caddy.Provisioner           = (*Portal)(nil)
	_ caddyhttp.MiddlewareHandler = (*Portal)(nil)
)
