// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxURL bounds an address to return to, in bytes.
const maxURL = 8 << 10

// ErrTarget means that an address leads to no configured app.
var ErrTarget = errors.New("address belongs to no app")

// Target is a place where browsers may be sent: an app at one of its addresses.
type Target struct {
	// App is the app's name.
	App string
	// Base is the app's address: scheme, host in canonical form (lower case, the
	// scheme's own port left out) and a path without a slash at its end.
	Base *url.URL
}

// Origin returns scheme and host, as browsers write an origin (RFC 6454, section 6.2).
func (t Target) Origin() string { return t.Base.Scheme + "://" + t.Base.Host }

// Home returns the app's front page.
func (t Target) Home() string { return t.Origin() + t.Base.EscapedPath() + "/" }

// Targets are the places where browsers may be sent. Every redirect that is made
// from something a client sent goes through Parse.
type Targets []Target

// Parse finds the target of an absolute URL and rebuilds the URL from the
// target's own scheme and host, so that nothing which the parser of a browser might
// read differently is left of the text. The fragment is dropped, since no server
// sees it; a URL below the reserved path becomes the app's front page. ErrTarget
// when the URL leads to no target.
func (ts Targets) Parse(text string) (Target, string, error) {
	u, err := parse(text)
	if err != nil {
		return Target{}, "", err
	}
	best := -1
	for i, t := range ts {
		if u.Scheme != t.Base.Scheme || !sameHost(u, t.Base) || !under(u.EscapedPath(), t.Base.EscapedPath()) {
			continue
		}
		if best < 0 || len(t.Base.Path) > len(ts[best].Base.Path) {
			best = i
		}
	}
	if best < 0 {
		return Target{}, "", ErrTarget
	}
	target := ts[best]
	if under(u.EscapedPath(), target.Base.EscapedPath()+strings.TrimSuffix(Reserved, "/")) {
		return target, target.Home(), nil
	}
	rebuilt := target.Origin() + u.EscapedPath()
	if u.EscapedPath() == "" {
		rebuilt += "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		rebuilt += "?" + u.RawQuery
	}
	return target, rebuilt, nil
}

// parse refuses what browsers and url.Parse might understand differently: they
// drop tabs and line breaks, read `\` as `/`, and guess at missing slashes.
func parse(text string) (*url.URL, error) {
	if len(text) > maxURL {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrTarget, maxURL)
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c == '\\' || c >= 0x7f {
			return nil, fmt.Errorf("%w: it holds a byte that a URL may not hold", ErrTarget)
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.User != nil || u.Host == "" {
		return nil, fmt.Errorf("%w: it is not of the form https://host/path", ErrTarget)
	}
	return u, nil
}

// sameHost compares hosts without case, a dot at the end, and the scheme's own port.
func sameHost(u, base *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return host == base.Hostname() && port(u) == port(base)
}

// port returns the port of the URL, that of its scheme when it names none.
func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// under reports whether path is prefix or lies below it.
func under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}
