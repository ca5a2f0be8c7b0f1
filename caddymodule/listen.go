// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// entrance is what a server looks like from outside, on one of its ports.
type entrance struct {
	tls  bool
	port string // empty when a browser need not name it
}

func (e entrance) scheme() string {
	if e.tls {
		return "https"
	}
	return "http"
}

// doorman knows the entrances of the http app's servers.
type doorman struct {
	http *caddyhttp.App
	// portalPort is the port that the portal's URL names, if it names one.
	portalPort string
}

// entrances returns how browsers reach a server: by the rules with which the http
// app itself decides about TLS when it starts. A socket or a range of ports says
// nothing about that.
func (d doorman) entrances(server *caddyhttp.Server) []entrance {
	var all []entrance
	for _, listen := range server.Listen {
		a, err := caddy.ParseNetworkAddress(listen)
		if err != nil || a.IsUnixNetwork() || a.IsFdNetwork() || a.StartPort == 0 || a.StartPort != a.EndPort {
			continue
		}
		e := entrance{tls: len(server.TLSConnPolicies) > 0 && int(a.StartPort) != d.httpPort()}
		e.port = d.publicPort(e.tls, a.StartPort)
		if !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return all
}

// publicPort returns the port as browsers name it. `http_port` and `https_port`
// are Caddy's own names for ports that the world knows as 80 and 443, unless the
// portal's URL shows that people use them as they are.
func (d doorman) publicPort(tls bool, port uint) string {
	number := strconv.Itoa(int(port))
	standard, mapped := "80", d.httpPort()
	if tls {
		standard, mapped = "443", d.httpsPort()
	}
	if number == standard || int(port) == mapped && number != d.portalPort {
		return ""
	}
	return number
}

func (d doorman) httpPort() int  { return cmp.Or(d.http.HTTPPort, caddyhttp.DefaultHTTPPort) }
func (d doorman) httpsPort() int { return cmp.Or(d.http.HTTPSPort, caddyhttp.DefaultHTTPSPort) }
