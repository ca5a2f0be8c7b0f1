// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// reserved is the path that belongs to the gate, below each URL of an app.
const reserved = "/.gatehouse"

// address is a public URL in its one canonical form: scheme http or https, host in
// lower-case ASCII without a trailing dot, no default port, and a path that is
// empty or begins with a slash and does not end with one. Two addresses are the
// same place exactly when they are equal.
type address struct {
	scheme string
	host   string // without port; an IPv6 address has no brackets
	port   string // empty when it is the scheme's own
	path   string
}

// String returns the address as a URL.
func (a address) String() string { return a.origin() + a.path }

// base returns the address as a URL that others may work with.
func (a address) base() *url.URL { return &url.URL{Scheme: a.scheme, Host: a.hostport(), Path: a.path} }

// origin returns scheme, host and port, as the header Origin has them.
func (a address) origin() string { return a.scheme + "://" + a.hostport() }

// hostport returns the host, and the port where it is not the scheme's own.
func (a address) hostport() string {
	host := a.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if a.port != "" {
		host += ":" + a.port
	}
	return host
}

// parseAddress reads a public URL. Its errors say what would be right.
func parseAddress(raw string) (address, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "http" && u.Scheme != "https" {
		return address{}, fmt.Errorf("%q is not a public URL: write scheme and host, such as %s", raw, meant(raw))
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#") {
		return address{}, fmt.Errorf("%q has more than scheme, host, port and path: remove the rest", raw)
	}
	a := address{scheme: u.Scheme, port: u.Port()}
	if a.host, err = canonicalHost(u.Hostname()); err != nil {
		return address{}, fmt.Errorf("%q: %w", raw, err)
	}
	if a.port == defaultPort(a.scheme) {
		a.port = ""
	}
	a.path, err = canonicalPath(u)
	if err != nil {
		return address{}, fmt.Errorf("%q: %w", raw, err)
	}
	return a, nil
}

// meant returns the URL of a host that was written without its scheme, and for
// anything else an example.
func meant(raw string) string {
	if !strings.Contains(raw, "://") {
		if a, err := parseAddress("https://" + raw); err == nil {
			return a.String()
		}
	}
	return "https://wiki.example.com"
}

// parsePortal reads the URL of the portal, which has no path.
func parsePortal(raw string) (address, error) {
	a, err := parseAddress(raw)
	if err == nil && a.path != "" {
		err = fmt.Errorf("%q has a path: the portal needs a host of its own, write %s", raw, a.origin())
	}
	return a, err
}

// checkAddress checks a URL in a Caddyfile.
func checkAddress(raw string) error { return unlessPlaceholder(raw, parseAddress) }

// checkPortal checks the URL of the portal in a Caddyfile.
func checkPortal(raw string) error { return unlessPlaceholder(raw, parsePortal) }

// unlessPlaceholder leaves a URL alone that is known only when its placeholder has
// a value.
func unlessPlaceholder[T any](raw string, parse func(string) (T, error)) error {
	if strings.Contains(raw, "{") {
		return nil
	}
	return parses(parse)(raw)
}

// parses makes a check of what reads a word.
func parses[T any](parse func(string) (T, error)) func(string) error {
	return func(word string) error {
		_, err := parse(word)
		return err
	}
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// hostProfile maps a host name as browsers do (UTS #46, non-transitional), and
// leaves underscores alone: internal names have them.
func hostProfile() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))
}

// canonicalHost returns the one form of a host name or an IP address.
func canonicalHost(host string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		return ip.Unmap().String(), nil
	}
	profile := hostProfile()
	name, err := profile.ToASCII(strings.TrimSuffix(host, "."))
	if again, _ := profile.ToASCII(name); again != name || !utf8.ValidString(host) {
		return "", fmt.Errorf("%q is not the name of a host", host)
	}
	if err != nil || name == "" || len(name) > 253 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.Contains("."+name+".", "..") {
		return "", fmt.Errorf("%q is not the name of a host", host)
	}
	// Browsers read a name that ends in a number as an IPv4 address (WHATWG URL, host parsing).
	if last := name[strings.LastIndexByte(name, '.')+1:]; strings.Trim(last, "0123456789") == "" {
		return "", fmt.Errorf("%q is not an IP address", host)
	}
	return name, nil
}

// canonicalPath returns the path of a URL without the slash at its end.
func canonicalPath(u *url.URL) (string, error) {
	p := strings.TrimSuffix(u.Path, "/")
	switch {
	case p == "":
		return "", nil
	case strings.Contains(u.EscapedPath(), "%") || strings.ContainsAny(p, `\;*{}`) || path.Clean(p) != p || p == "/":
		return "", errors.New("the path has dot segments, doubled slashes, wildcards or escapes: write it plainly, such as /wiki")
	case strings.Contains(p+"/", reserved+"/"):
		return "", fmt.Errorf("the path %q belongs to the gate: leave it out", reserved)
	}
	return p, nil
}

// isLocal reports whether a host is this machine for every browser, so that plain
// http is as good as https there (W3C Secure Contexts, section 3.1).
func isLocal(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
