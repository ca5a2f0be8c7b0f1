// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// upstream is a handler that answers for an app, and what leads to it.
type upstream struct {
	handler caddyhttp.MiddlewareHandler // *reverseproxy.Handler or *fileserver.FileServer
	server  *caddyhttp.Server
	hosts   hosts
	// paths are the path matchers on the way, from the outermost on.
	paths []string
}

// upstreams looks for what answers for apps in every server of the http app.
func upstreams(http *caddyhttp.App) []upstream {
	var found []upstream
	for _, name := range slices.Sorted(maps.Keys(http.Servers)) {
		server := http.Servers[name]
		found = append(found, upstreamsIn(server.Routes, upstream{server: server, hosts: hosts{any: true}}, 0)...)
	}
	return found
}

func upstreamsIn(routes caddyhttp.RouteList, above upstream, depth int) []upstream {
	var found []upstream
	if depth > maxDepth {
		return nil
	}
	for i := range routes {
		here := above
		here.hosts = above.hosts.narrow(routes[i].MatcherSets)
		here.paths = append(slices.Clip(above.paths), pathsOf(routes[i].MatcherSets)...)
		for _, handler := range routes[i].Handlers {
			switch h := handler.(type) {
			case *caddyhttp.Subroute:
				found = append(found, upstreamsIn(h.Routes, here, depth+1)...)
			case *caddyhttp.Invoke:
				if named, ok := here.server.NamedRoutes[h.Name]; ok {
					found = append(found, upstreamsIn(caddyhttp.RouteList{*named}, here, depth+1)...)
				}
			case *fileserver.FileServer, *reverseproxy.Handler:
				if !asksOnly(handler) {
					here.handler = h
					found = append(found, here)
				}
			}
		}
	}
	return found
}

// asksOnly reports whether a proxy asks somebody about requests for another, as
// forward_auth does.
func asksOnly(handler caddyhttp.MiddlewareHandler) bool {
	h, ok := handler.(*reverseproxy.Handler)
	return ok && len(h.HandleResponse) > 0 && h.Rewrite != nil && h.Rewrite.URI != ""
}

// samples are paths of which one at least should lead to the upstream, as far as paths
// decide.
func (u upstream) samples() []string {
	const some = "gatehouse-doctor"
	var all []string
	prefix := ""
	for _, pattern := range u.paths {
		path := strings.ReplaceAll(pattern, "*", some)
		if strings.Contains(path, "{") {
			continue
		}
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		all = append(all, path, prefix+path)
		if begin, ok := strings.CutSuffix(pattern, "/*"); ok {
			prefix += begin // handle_path takes it away before the next
		}
	}
	return append(all, "/", "/"+some)
}
