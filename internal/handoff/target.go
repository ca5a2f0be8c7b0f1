// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
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
// read differently is left of the text. The query is kept byte for byte. The
// fragment is dropped, since no server sees it; a URL below the reserved path
// becomes the app's front page, but for those of Resend and Frame. ErrTarget when the URL
// leads to no target, or has a path that no gate would let through.
func (ts Targets) Parse(text string) (Target, string, error) {
	u, err := parse(text)
	if err != nil {
		return Target{}, "", err
	}
	target, address, err := ts.page(u)
	if err == nil && address == target.Home() {
		if resumed, ok := ts.resumed(target, u); ok {
			return target, resumed, nil
		}
	}
	return target, address, err
}

// resumed returns the step that the URL asks for, when it is one to which a browser may be
// told to return and is written as its address is made here.
func (ts Targets) resumed(t Target, u *url.URL) (string, bool) {
	path := strings.TrimPrefix(u.Path, t.Base.Path)
	if form, ok := keptForm(path, u.RawQuery); ok {
		return Resend(t, form), true
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || path != Reserved+StepFrame || len(query) != 2 {
		return "", false
	}
	challenge, ok := session.ParseChallenge(query.Get(ParamChallenge))
	to, err := parse(query.Get(ParamReturnTo))
	if !ok || err != nil {
		return "", false
	}
	within, page, err := ts.page(to)
	if err != nil || within.Origin() != t.Origin() {
		return "", false
	}
	return Frame(t, challenge, page), true
}

// page is Parse for a page of an app.
func (ts Targets) page(u *url.URL) (Target, string, error) {
	// Paths are compared as gates and sites compare them: decoded.
	path, err := policy.CheckPath(u.EscapedPath())
	if err != nil {
		return Target{}, "", fmt.Errorf("%w: %w", ErrTarget, err)
	}
	target, found := ts.find(u, path)
	switch {
	case !found:
		return Target{}, "", ErrTarget
	case reserved(strings.TrimPrefix(path, target.Base.Path)):
		return target, target.Home(), nil
	}
	rebuilt := target.Origin() + u.EscapedPath()
	if u.RawQuery != "" || u.ForceQuery {
		rebuilt += "?" + u.RawQuery
	}
	return target, rebuilt, nil
}

// find returns the target with the longest path of those on the URL's host.
func (ts Targets) find(u *url.URL, path string) (target Target, found bool) {
	for _, t := range ts {
		if u.Scheme != t.Base.Scheme || !sameHost(u, t.Base) || !under(path, t.Base.Path) {
			continue
		}
		if !found || len(t.Base.Path) > len(target.Base.Path) {
			target, found = t, true
		}
	}
	return target, found
}

// reserved reports whether a path below an app's base is for its gate. Servers
// may merge slashes before the gate sees them.
func reserved(path string) bool {
	return under("/"+strings.TrimLeft(path, "/"), strings.TrimSuffix(Reserved, "/"))
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
	if u.Path == "" {
		u.Path = "/"
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
