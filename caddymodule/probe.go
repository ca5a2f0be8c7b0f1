// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/fileserver"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// probe takes a request through the routes of a server, as the server would, up
// to the first handler of ours. Handlers that only change the request run; those
// that answer end the walk; all others are passed over, since nothing of a request
// that never came may show in the world.
type probe struct {
	server *caddyhttp.Server
	// insider makes matchers of client addresses match: whether a real client
	// would be inside is not known.
	insider bool
	// behind lets the walk go on behind gates, up to what answers for an app.
	behind bool

	groups map[string]bool
	depth  int
	// reached is our handler that the request came to, and path the escaped path that
	// it came with; answered is the name of the module that answered before, or behind,
	// which is by, and askedFor the escaped path that it came there with.
	reached  caddyhttp.MiddlewareHandler
	path     string
	answered string
	by       caddyhttp.MiddlewareHandler
	askedFor string
}

// errand is the request with which a probe sets out: what a browser sends that opens
// a page.
type errand struct {
	to      address
	path    string // with query, escaped; not below the path of to
	overTLS bool
	// method is GET when it is empty.
	method string
	// client is nobody's address (RFC 5737) where it is not valid.
	client netip.Addr
}

// send walks a GET of path at an address. It reports our handler that would see
// the request, or what answers instead.
func send(server *caddyhttp.Server, to address, path string, overTLS bool) (reached caddyhttp.MiddlewareHandler, answered string, err error) {
	p, err := follow(server, errand{to: to, path: path, overTLS: overTLS})
	return p.reached, p.answered, err
}

// follow walks a request. When its client is not known and comes to no handler of
// ours, it walks as somebody whom all matchers of addresses let in.
func follow(server *caddyhttp.Server, e errand) (*probe, error) {
	stranger := &probe{server: server}
	if err := stranger.walk(e); err != nil || stranger.reached != nil || e.client.IsValid() {
		return stranger, err
	}
	insider := &probe{server: server, insider: true}
	err := insider.walk(e)
	insider.answered = stranger.answered
	return insider, err
}

func (p *probe) walk(e errand) (err error) {
	defer func() {
		if cause := recover(); cause != nil { // a matcher from elsewhere
			err = fmt.Errorf("a matcher panicked on a request for %s: %v", e.to.origin()+e.path, cause)
		}
	}()
	r, err := e.request()
	if err != nil {
		return err
	}
	p.groups = map[string]bool{}
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, p.server)
	end := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
	// An error on the way is an answer to a client, and says nothing of the
	// configuration.
	_ = p.routes(p.server.Routes, end).ServeHTTP(nil, r)
	return nil
}

// request returns the request as a server sees it.
func (e errand) request() (*http.Request, error) {
	r, err := http.NewRequest(cmp.Or(e.method, http.MethodGet), e.to.origin()+e.path, http.NoBody)
	if err != nil {
		return nil, err
	}
	client := e.client
	if !client.IsValid() {
		client = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	}
	r.RequestURI = e.path
	r.RemoteAddr = netip.AddrPortFrom(client, 49152).String()
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.URL.Scheme, r.URL.Host = "", "" // as a server sees it
	if e.overTLS {
		r.TLS = &tls.ConnectionState{ServerName: e.to.host, HandshakeComplete: true, Version: tls.VersionTLS13}
	}
	return r, nil
}

// routes returns what the list of routes does with a request.
func (p *probe) routes(list caddyhttp.RouteList, next caddyhttp.Handler) caddyhttp.Handler {
	for _, route := range slices.Backward(list) {
		next = p.route(route, next)
	}
	return next
}

func (p *probe) route(route caddyhttp.Route, next caddyhttp.Handler) caddyhttp.Handler {
	return caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if route.Group != "" && p.groups[route.Group] {
			return next.ServeHTTP(w, r)
		}
		matches, err := p.sets(route.MatcherSets).AnyMatchWithError(r)
		if err != nil {
			return err
		}
		if !matches {
			return next.ServeHTTP(w, r)
		}
		if route.Group != "" {
			p.groups[route.Group] = true
		}
		after := next
		if route.Terminal {
			after = caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })
		}
		for _, handler := range slices.Backward(route.Handlers) {
			after = p.handler(handler, after)
		}
		return after.ServeHTTP(w, r)
	})
}

// sets returns the matcher sets, without matchers of client addresses for an insider.
func (p *probe) sets(sets caddyhttp.MatcherSets) caddyhttp.MatcherSets {
	if !p.insider {
		return sets
	}
	var reduced caddyhttp.MatcherSets
	for _, set := range sets {
		reduced = append(reduced, slices.DeleteFunc(slices.Clone(set), func(matcher any) bool {
			switch matcher.(type) {
			case *caddyhttp.MatchRemoteIP, *caddyhttp.MatchClientIP:
				return true
			}
			return false
		}))
	}
	return reduced
}

func (p *probe) handler(handler caddyhttp.MiddlewareHandler, next caddyhttp.Handler) caddyhttp.Handler {
	return caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		if p.depth++; p.depth > 100*maxDepth { // a route that invokes itself
			return nil
		}
		switch h := handler.(type) {
		case *Gate, *Portal:
			p.reached, p.path = h, r.URL.EscapedPath()
			if _, gate := h.(*Gate); gate && p.behind {
				return next.ServeHTTP(w, r)
			}
			return nil
		case *caddyhttp.Subroute:
			return p.routes(h.Routes, next).ServeHTTP(w, r)
		case *caddyhttp.Invoke:
			if named, ok := p.server.NamedRoutes[h.Name]; ok {
				return p.route(*named, next).ServeHTTP(w, r)
			}
			return nil
		}
		switch {
		case onlyChanges(handler):
			return handler.ServeHTTP(w, r, next)
		case answers(handler):
			p.answered, p.by, p.askedFor = caddy.GetModuleName(handler), handler, r.URL.EscapedPath()
			return nil
		}
		return next.ServeHTTP(w, r)
	})
}

// onlyChanges reports whether a handler of Caddy's does nothing but change the
// request, so that later matchers may depend on it.
func onlyChanges(handler caddyhttp.MiddlewareHandler) bool {
	switch caddy.GetModuleID(handler) {
	case "http.handlers.rewrite", "http.handlers.vars", "http.handlers.map":
		return true
	}
	return false
}

// answers reports whether a handler of Caddy's answers every request that it gets.
func answers(handler caddyhttp.MiddlewareHandler) bool {
	switch h := handler.(type) {
	case *reverseproxy.Handler:
		return len(h.HandleResponse) == 0 // forward_auth goes on behind it
	case *fileserver.FileServer:
		return !h.PassThru
	}
	switch caddy.GetModuleID(handler) {
	case "http.handlers.static_response", "http.handlers.error":
		return true
	}
	return false
}
