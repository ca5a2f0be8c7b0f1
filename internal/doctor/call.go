// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// hops is how many redirects of an app are followed; some lead through a few to
// their sign-in page.
const hops = 4

// call is how an app answers a browser that comes around the gate.
type call struct {
	*Answer
	// led is the last address that it led to on its own host, away one elsewhere or nil.
	led  string
	away *url.URL
}

// call opens the app's front page around its gate.
func (e *examination) call(ctx context.Context, u Upstream, header http.Header) (*call, error) {
	public, err := url.Parse(u.URL)
	if err != nil {
		return nil, err
	}
	at, err := frontPage(*public, u)
	if err != nil {
		return nil, err
	}
	c := new(call)
	sent := browsing()
	for name, values := range header {
		sent[name] = values
	}
	// As the proxy behind the gate would: some apps build their links from these.
	sent.Set("X-Forwarded-Proto", public.Scheme)
	sent.Set("X-Forwarded-Host", public.Host)
	for range hops {
		c.Answer, err = e.world.Get(ctx, Question{URL: at.String(), Header: sent, Network: u.Network, Address: u.Address})
		if err != nil {
			return nil, err
		}
		to, err := at.Parse(c.Header.Get("Location"))
		if c.Status/100 != 3 || c.Header.Get("Location") == "" || err != nil {
			return c, nil
		}
		if !strings.EqualFold(bare(to), bare(public)) {
			c.away = to
			return c, nil
		}
		c.led = to.RequestURI()
		scheme := at.Scheme
		at = *to
		at.Scheme, at.Fragment = scheme, ""
		if c.login() {
			return c, nil // what a sign-in page does by itself is not ours to find out
		}
	}
	return c, nil
}

// frontPage returns the public address as the upstream is asked for it.
func frontPage(at url.URL, u Upstream) (_ url.URL, err error) {
	at.Scheme = "http"
	if u.TLS {
		at.Scheme = "https"
	}
	at.RawPath = u.Path
	at.Path, err = url.PathUnescape(u.Path)
	return at, err
}

// bare returns the host of an address, with its port unless the scheme implies it.
func bare(u *url.URL) string {
	return strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
}

// strays reports whether the app leads people to itself by something else than the name
// by which they know it: to where it listens, to an IP address, to another port.
func (c *call) strays(u Upstream) bool {
	public, err := url.Parse(u.URL)
	if c.away == nil || err != nil {
		return false
	}
	host := c.away.Hostname()
	listens, _, _ := net.SplitHostPort(u.Address) // a unix socket has none
	_, err = netip.ParseAddr(host)
	return err == nil || isLocalhost(host) || strings.EqualFold(host, public.Hostname()) || listens != "" && strings.EqualFold(host, listens)
}

// refuses reports whether the app wants to know who it is.
func (c *call) refuses() bool {
	return c.Status == http.StatusUnauthorized || c.Status == http.StatusForbidden
}

// login reports whether the app asks people to sign in at itself.
func (c *call) login() bool {
	return signInAddress(c.led) || passwordField().Match(c.Body) && strings.Contains(c.Header.Get("Content-Type"), "html")
}

func passwordField() *regexp.Regexp {
	return regexp.MustCompile(`(?i)<input\b[^>]*\btype\s*=\s*["']?password\b`)
}

// signInAddress reports whether an address on the app's host reads like that of a
// sign-in page.
func signInAddress(address string) bool {
	address = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(address))
	for _, word := range []string{"login", "signin", "logon", "sessions/new"} {
		if strings.Contains(address, word) {
			return true
		}
	}
	return false
}

// forgery returns the headers of somebody who claims to be nobody we know: a name as
// it is, and an assertion that nobody has signed (RFC 7519, section 6.1).
func (e *examination) forgery(app App) http.Header {
	h := http.Header{}
	if app.UserHeader != "" {
		h.Set(app.UserHeader, e.nobody)
	}
	if app.JWTHeader != "" {
		now := e.world.Now().Unix()
		h.Set(app.JWTHeader, part(map[string]any{"alg": "none", "typ": "JWT"})+"."+part(map[string]any{
			"iss": e.facts.Portal, "aud": app.Name, "sub": e.nobody, "preferred_username": e.nobody,
			"iat": now, "nbf": now - 30, "exp": now + 60,
		})+".")
	}
	return h
}

func part(v map[string]any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
