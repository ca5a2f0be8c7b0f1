// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
)

func init() { caddy.RegisterModule(new(AdminAPI)) }

// AdminAPI is what an operator can ask a running Caddy for, at `/gatehouse/` on its
// admin endpoint: users, sessions, keys, and why a request is let in or not. It is
// there whenever the endpoint is, and has no settings. Whoever reaches the
// endpoint may do all of it; a unix socket with permissions is the safest
// (`admin unix//run/caddy/admin.sock|0600`). GETs change nothing. docs/commands.md
// lists what there is.
type AdminAPI struct{}

// CaddyModule returns the Caddy module information.
func (*AdminAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.gatehouse", New: func() caddy.Module { return new(AdminAPI) }}
}

// Provision shows the metrics on the registry of the admin endpoint.
func (*AdminAPI) Provision(ctx caddy.Context) error {
	return show(runningMetrics{}, ctx.GetMetricsRegistry())
}

// Routes returns the routes of the admin API.
func (*AdminAPI) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: adminPrefix, Handler: caddy.AdminHandlerFunc(serveAdmin)}}
}

// serveAdmin answers with the configuration that runs at this moment. The one that
// the endpoint was set up with may have been replaced, or may have failed to start.
func serveAdmin(w http.ResponseWriter, r *http.Request) error {
	active := caddy.ActiveContext()
	if active.Context == nil { // the endpoint is there before the first configuration runs
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: errors.New("caddy is starting or stopping: ask again in a moment")}
	}
	module, err := active.AppIfConfigured("gatehouse")
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: errors.New("the configuration that runs has no gatehouse")}
	}
	app := module.(*App)
	if err := app.ready(); err != nil {
		return caddy.APIError{HTTPStatus: http.StatusServiceUnavailable, Err: err}
	}
	return app.operator.serve(w, r)
}

var (
	_ caddy.Provisioner = (*AdminAPI)(nil)
	_ caddy.AdminRouter = (*AdminAPI)(nil)
)
