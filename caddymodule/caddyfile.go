// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("gatehouse", parseGlobal)
	// After what changes the request (rewrite, uri, try_files), so that the policy
	// decides on what the app gets; before everything that gives an answer.
	httpcaddyfile.RegisterDirective("gatehouse", parseGate)
	httpcaddyfile.RegisterDirectiveOrder("gatehouse", httpcaddyfile.Before, "forward_auth")
	httpcaddyfile.RegisterDirective("gatehouse_portal", parseDoor)
	httpcaddyfile.RegisterDirectiveOrder("gatehouse_portal", httpcaddyfile.Before, "invoke")
}

// options are the options of the global option `gatehouse`.
func (a *App) options() table {
	return table{
		"portal":        text(&a.Portal, "URL", checkPortal),
		"store":         guest(&a.StoreRaw, "gatehouse.stores", "module"),
		"insecure_http": flag(&a.InsecureHTTP),
		"token_service": tokenServices(&a.TokenServices),
		"session": nested(table{
			"idle":     duration(&a.Session.Idle, idleBounds()),
			"lifetime": duration(&a.Session.Lifetime, lifetimeBounds()),
			"remember": duration(&a.Session.Remember, lifetimeBounds()),
			"per_user": a.Session.PerUser.option(),
		}, a.Session.check),
		"keys": nested(table{
			"rotate": duration(&a.Keys.Rotate, rotateBounds()),
		}, nil),
	}
}

// parseGlobal reads the global option.
//
// Syntax:
//
//	gatehouse {
//		portal URL
//		store bbolt [PATH]
//		session {
//			idle DURATION
//			lifetime DURATION
//			remember DURATION
//			per_user N [end_oldest|refuse]
//		}
//		keys {
//			rotate DURATION
//		}
//		insecure_http [on|off]
//		token_service ADDRESS { … }
//	}
func parseGlobal(d *caddyfile.Dispenser, before any) (any, error) {
	d.Next()
	if before != nil {
		return nil, d.Errf("the global option %q is already there: put all its options into the first", "gatehouse")
	}
	app := &App{Source: source(d)}
	if d.NextArg() {
		return nil, d.Errf("the global option %q does not take %q: write its options into a block, gatehouse { … }", "gatehouse", d.Val())
	}
	if err := app.options().read(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "gatehouse", Value: caddyconfig.JSON(app, nil)}, nil
}

// parseGate reads a gate.
//
// Syntax:
//
//	gatehouse [APP] {
//		preset NAME
//		url URL…
//		allow|deny [any] [user NAME…] [group NAME…] [path PATH…] [method METHOD…] [address CIDR…]
//		public PATH…
//		own_auth PATH…
//		header jwt|user|name|email|groups|session_expires NAME|off
//		strip HEADER…|off
//		group_separator ,|"|"|;
//		user_as name|lower|email|attr:KEY
//		send_groups PATTERN…|off
//		encode mime|percent
//		assertion_algorithm ES256|EdDSA|RS256|HS256
//		assertion_secret "SECRET"
//		assertion_lifetime DURATION
//		basic_auth USER PASSWORD [group NAME…]
//		phprunner_key "KEY" ["OLD"]
//		accept_tokens [user NAME…] [group NAME…] app NAME…
//		keep_authorization [on|off]
//		allow_cookie_domain [on|off]
//		allow_clear_site_data [on|off]
//		csrf strict
//		companions NAME…
//		embed_in ORIGIN…
//		preflight pass
//		passive PATH…|off
//		streams active
//		keep_posts on|off
//		tokens off|on
//		cookies shared
//		logout_on PATH[?QUERY]…|off
//		backchannel_logout URL
//	}
func parseGate(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	gate := &Gate{Source: source(h.Dispenser)}
	words := h.RemainingArgs()
	switch {
	case len(words) > 0 && isMatcher(words[0]):
		return nil, h.Errf("gatehouse takes no matcher %q: a gate sees all requests for its app; write it without, or put it into a handle %s { … } block together with the app", words[0], words[0])
	case len(words) > 1:
		return nil, h.Errf("gatehouse does not take %q: write: gatehouse [APP] { … }", words[1])
	case len(words) == 1:
		gate.Name = words[0]
		if err := checkAppName(gate.Name); err != nil {
			return nil, h.WrapErr(err)
		}
	}
	if err := gate.read(h.Dispenser); err != nil {
		return nil, err
	}
	return h.NewRoute(nil, gate), nil
}

// parseDoor reads the directive of the portal.
//
// Syntax:
//
//	gatehouse_portal
func parseDoor(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	portal := &Portal{Source: source(h.Dispenser)}
	if h.NextArg() {
		return nil, h.Errf("gatehouse_portal does not take %q: it answers for the whole site and has no options", h.Val())
	}
	if opensBlock(h.Dispenser) {
		return nil, h.Err("gatehouse_portal has no block: its settings are in the global option gatehouse")
	}
	return h.NewRoute(nil, portal), nil
}

// source names the line that d stands on.
func source(d *caddyfile.Dispenser) string { return fmt.Sprintf("%s:%d", d.File(), d.Line()) }

// written says in an error where something is written, if that is known.
func written(source string) string {
	if source == "" {
		return ""
	}
	return " (" + source + ")"
}

// isMatcher reports whether Caddy would read a word as a matcher.
func isMatcher(word string) bool {
	return word == "*" || strings.HasPrefix(word, "/") || strings.HasPrefix(word, "@")
}
