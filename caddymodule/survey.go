// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// find is a handler of ours in the http app, and what leads to it.
type find struct {
	handler caddyhttp.MiddlewareHandler // *Gate or *Portal
	server  *caddyhttp.Server
	hosts   hosts
	// paths are the path matchers nearest to the handler, for good advice.
	paths []string
}

// survey looks for our handlers in every server of the provisioned http app. A
// handler that several routes lead to is found several times.
func survey(http *caddyhttp.App) []find {
	var s surveyor
	for _, name := range slices.Sorted(maps.Keys(http.Servers)) {
		server := http.Servers[name]
		s.routes(server.Routes, find{server: server, hosts: hosts{any: true}}, 0)
	}
	return s.finds
}

// maxDepth bounds how deep routes lie in each other: a named route can invoke itself.
const maxDepth = 64

type surveyor struct{ finds []find }

func (s *surveyor) routes(routes caddyhttp.RouteList, above find, depth int) {
	for i := range routes {
		s.route(&routes[i], above, depth)
	}
}

func (s *surveyor) route(route *caddyhttp.Route, above find, depth int) {
	if depth > maxDepth {
		return
	}
	here := above
	here.hosts = above.hosts.narrow(route.MatcherSets)
	if paths := pathsOf(route.MatcherSets); len(paths) > 0 {
		here.paths = paths
	}
	for _, handler := range route.Handlers {
		switch h := handler.(type) {
		case *Gate, *Portal:
			here.handler = h
			s.finds = append(s.finds, here)
		case *caddyhttp.Subroute:
			s.routes(h.Routes, here, depth+1)
		case *caddyhttp.Invoke:
			if named, ok := here.server.NamedRoutes[h.Name]; ok {
				s.route(named, here, depth+1)
			}
		}
	}
}

// pathsOf returns the patterns of the path matchers.
func pathsOf(sets caddyhttp.MatcherSets) []string {
	var paths []string
	for _, set := range sets {
		for _, matcher := range set {
			switch m := matcher.(type) {
			case *caddyhttp.MatchPath:
				paths = append(paths, *m...)
			case caddyhttp.MatchPath:
				paths = append(paths, m...)
			}
		}
	}
	return paths
}

// hosts are the hosts for which a route may be taken: any, or those of the patterns.
type hosts struct {
	any      bool
	patterns []string
}

// literal returns the hosts when each is known by its name.
func (h hosts) literal() ([]string, bool) {
	if h.any || len(h.patterns) == 0 || slices.ContainsFunc(h.patterns, fuzzy) {
		return nil, false
	}
	return h.patterns, true
}

// narrow returns the hosts that also match one of the sets. What other matchers
// demand of the host (`not`, `expression`) is not known here.
func (h hosts) narrow(sets caddyhttp.MatcherSets) hosts {
	if len(sets) == 0 {
		return h
	}
	var narrowed hosts
	for _, set := range sets {
		patterns, ok := hostsOf(set)
		if !ok {
			return h
		}
		narrowed.patterns = append(narrowed.patterns, h.intersect(patterns)...)
	}
	slices.Sort(narrowed.patterns)
	narrowed.patterns = slices.Compact(narrowed.patterns)
	return narrowed
}

// hostsOf returns the patterns of a set's host matcher, if it has one.
func hostsOf(set caddyhttp.MatcherSet) ([]string, bool) {
	for _, matcher := range set {
		switch m := matcher.(type) {
		case *caddyhttp.MatchHost:
			return *m, true
		case caddyhttp.MatchHost:
			return m, true
		}
	}
	return nil, false
}

// intersect returns what is in h and in the patterns.
func (h hosts) intersect(patterns []string) []string {
	if h.any {
		return patterns
	}
	var both []string
	for _, outer := range h.patterns {
		for _, inner := range patterns {
			switch {
			case hostMatches(outer, inner):
				both = append(both, inner)
			case hostMatches(inner, outer):
				both = append(both, outer)
			}
		}
	}
	return both
}

// fuzzy reports whether a pattern stands for more than one host.
func fuzzy(pattern string) bool { return strings.ContainsAny(pattern, "*{") }

// hostMatches reports whether the pattern covers the host, as Caddy's host matcher
// decides: label by label. What a placeholder stands for is not known, so it may
// cover anything.
func hostMatches(pattern, host string) bool {
	if strings.Contains(pattern, "{") {
		return true
	}
	wants, labels := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(wants) != len(labels) {
		return false
	}
	for i, want := range wants {
		if want != "*" && !strings.EqualFold(want, labels[i]) {
			return false
		}
	}
	return true
}
