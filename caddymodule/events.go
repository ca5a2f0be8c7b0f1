// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
)

// events gives what has happened to Caddy's events, as `gatehouse.login`,
// `gatehouse.logout` and so on, so that other modules can act on it. Nothing
// waits for them.
type events struct {
	ctx caddy.Context
	app *caddyevents.App
}

func newEvents(ctx caddy.Context) (*events, error) {
	app, err := ctx.App("events")
	if err != nil {
		return nil, fmt.Errorf("gatehouse: events: %w", err)
	}
	return &events{ctx: ctx, app: app.(*caddyevents.App)}, nil
}

// Record implements audit.Sink.
func (e *events) Record(event audit.Event) {
	name := "gatehouse." + string(event.Kind)
	if !e.app.ShouldEmit(name) {
		return
	}
	data := map[string]any{
		"user":    event.User,
		"app":     event.App,
		"reason":  event.Reason,
		"request": event.Request,
	}
	if event.Address.IsValid() {
		data["address"] = event.Address.String()
	}
	if !event.Session.IsZero() {
		data["session"] = event.Session.String()
	}
	if event.Count != 0 {
		data["count"] = event.Count
	}
	go e.app.Emit(e.ctx, name, data)
}
