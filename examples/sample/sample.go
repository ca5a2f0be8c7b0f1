// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package sample is an app to try Gatehouse with: a Caddy handler that shows what
// an app behind a gate receives, and whether the assertion is genuine. It answers
// on loopback only, where nobody can reach it around the gate from elsewhere.
package sample

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/gatehouse-sso/gatehouse/examples/verify/go/gatehouse"
)

func init() {
	caddy.RegisterModule(new(Sample))
	httpcaddyfile.RegisterHandlerDirective("gatehouse_sample", parse)
	httpcaddyfile.RegisterDirectiveOrder("gatehouse_sample", httpcaddyfile.Before, "respond")
}

// Sample shows what an app behind a gate receives: the identity headers, the
// decoded assertion, and whether the assertion's signature verifies against the
// portal's keys. It shows the same as JSON to whoever asks with
// `Accept: application/json`.
//
// It refuses requests that did not come to a loopback address: what it believes in
// its headers is true only behind a gate.
type Sample struct {
	// The name of the app. It must be the audience of the assertion. Required.
	Name string `json:"name,omitempty"`

	// The public URL of the portal. Assertions are issued by it, and its keys are
	// at `/.well-known/jwks.json` below it. Required.
	Portal string `json:"portal,omitempty"`

	// URLs of other apps to link to.
	Links []string `json:"links,omitempty"`

	verifier *gatehouse.Verifier
}

// CaddyModule returns the Caddy module information.
func (*Sample) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.gatehouse_sample", New: func() caddy.Module { return new(Sample) }}
}

// Provision prepares the verifier.
func (s *Sample) Provision(caddy.Context) error {
	s.Portal = strings.TrimSuffix(s.Portal, "/")
	s.verifier = &gatehouse.Verifier{
		JWKS:     s.Portal + "/.well-known/jwks.json",
		Issuer:   s.Portal,
		Audience: s.Name,
		Floor:    time.Second,
		Client:   client(),
	}
	return nil
}

// Validate checks that the settings are there.
func (s *Sample) Validate() error {
	if s.Name == "" {
		return errors.New("gatehouse_sample: a name is missing: write gatehouse_sample NAME { … }")
	}
	if u, err := url.Parse(s.Portal); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("gatehouse_sample: portal %q is not a URL: write portal https://login.example.com", s.Portal)
	}
	return nil
}

// ServeHTTP answers with what it has received.
func (s *Sample) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if !overLoopback(r) {
		return caddyhttp.Error(http.StatusForbidden, errors.New("gatehouse_sample answers on loopback only: write bind 127.0.0.1 into its site"))
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.Path == stylesheetPath {
		h.Set("Content-Type", "text/css; charset=utf-8")
		_, err := w.Write(stylesheet)
		return err
	}
	h.Add("Vary", "Accept")
	received := s.receive(r)
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		return received.writeJSON(w)
	}
	return received.writePage(w, s)
}

// overLoopback reports whether the request came to a loopback address from one.
func overLoopback(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	return isLoopback(local.String()) && isLoopback(r.RemoteAddr)
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// parse reads the directive.
//
// Syntax:
//
//	gatehouse_sample NAME {
//		portal URL
//		link URL…
//	}
func parse(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	s := new(Sample)
	return s, s.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile reads the handler from a Caddyfile; see parse.
func (s *Sample) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.AllArgs(&s.Name) {
		return d.Err("write: gatehouse_sample NAME { … }")
	}
	for d.NextBlock(0) {
		option, words := d.Val(), d.RemainingArgs()
		switch {
		case option == "portal" && s.Portal == "" && len(words) == 1:
			s.Portal = words[0]
		case option == "link" && len(words) > 0:
			s.Links = append(s.Links, words...)
		case slices.Contains([]string{"portal", "link"}, option):
			return d.Errf("option %q: write portal URL, once, and link URL…", option)
		default:
			return d.Errf("unknown option %q: write portal or link", option)
		}
	}
	return nil
}

var (
	_ caddy.Provisioner           = (*Sample)(nil)
	_ caddy.Validator             = (*Sample)(nil)
	_ caddyfile.Unmarshaler       = (*Sample)(nil)
	_ caddyhttp.MiddlewareHandler = (*Sample)(nil)
)
