// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// ResponseFilter takes out of an app's answer what would reach beyond the app: into
// our cookies, into other hosts, into what a shared cache shows to others. The zero
// value allows none of it.
type ResponseFilter struct {
	// AllowCookieDomain leaves the Domain attribute of the app's cookies alone.
	// Without it they are made cookies of the app's own host.
	AllowCookieDomain bool
	// AllowClearSiteData leaves the app's Clear-Site-Data alone.
	AllowClearSiteData bool
	// NoTokens drops the cookies by which an app made with PHPRunner passes logins on.
	NoTokens bool
}

// Filter changes the header of an answer. It does not allocate when nothing has to
// change. A header slice that it changes is replaced, not written to.
func (f *ResponseFilter) Filter(h http.Header) {
	if lines := h["Set-Cookie"]; lines != nil {
		f.filterCookies(h, lines)
	}
	if !f.AllowClearSiteData {
		delete(h, "Clear-Site-Data")
	}
}

func (f *ResponseFilter) filterCookies(h http.Header, lines []string) {
	if !slices.ContainsFunc(lines, f.changesCookie) {
		return
	}
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if f.drops(line) {
			continue
		}
		if !f.AllowCookieDomain {
			line = withoutDomain(line)
		}
		kept = append(kept, line)
	}
	if len(kept) == 0 {
		delete(h, "Set-Cookie")
		return
	}
	h["Set-Cookie"] = kept
}

func (f *ResponseFilter) changesCookie(line string) bool {
	return f.drops(line) || (!f.AllowCookieDomain && hasDomain(line))
}

func (f *ResponseFilter) drops(line string) bool {
	return namesOurCookie(line) || f.NoTokens && isPHPRunnerCookie(line)
}

// isBlank reports whether one browser or another drops the character around the
// name of a cookie.
func isBlank(r rune) bool { return r <= ' ' }

// namesOurCookie reports whether a browser would send the cookie back as one of
// ours. A cookie without a name is sent back as its value alone (RFC 6265bis,
// section 5.8.3), so `=gatehouse=x` and `gatehouse` plant one as well.
func namesOurCookie(line string) bool {
	pair, _, _ := strings.Cut(line, ";")
	pair = strings.TrimLeftFunc(pair, func(r rune) bool { return r == '=' || isBlank(r) })
	name, _, _ := strings.Cut(pair, "=")
	return session.Ours(strings.TrimFunc(name, isBlank))
}

// hasDomain reports whether a Set-Cookie line has a Domain attribute.
func hasDomain(line string) bool {
	_, rest, more := strings.Cut(line, ";")
	for more {
		var attribute string
		attribute, rest, more = strings.Cut(rest, ";")
		if isDomain(attribute) {
			return true
		}
	}
	return false
}

// withoutDomain removes every Domain attribute of a Set-Cookie line.
func withoutDomain(line string) string {
	if !hasDomain(line) {
		return line
	}
	parts := strings.Split(line, ";")
	return strings.Join(slices.Concat(parts[:1], slices.DeleteFunc(parts[1:], isDomain)), ";")
}

func isDomain(attribute string) bool {
	name, _, _ := strings.Cut(attribute, "=")
	return strings.EqualFold(strings.TrimFunc(name, isBlank), "Domain")
}
