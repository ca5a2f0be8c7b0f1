// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"net/http"
	"strings"
	"time"
)

// setCookie is a Set-Cookie line, read as browsers read it (RFC 6265bis, section 5.6).
type setCookie struct {
	name, value string
	// attributes is the rest of the line as the app wrote it, with its first semicolon.
	attributes string

	path, domain          string
	httpOnly, partitioned bool
	// removes says that the line deletes a cookie.
	removes bool
}

func readSetCookie(line string, now time.Time) setCookie {
	pair, attributes, more := strings.Cut(line, ";")
	c := setCookie{}
	c.name, c.value = readPair(pair)
	if !more {
		return c
	}
	c.attributes = ";" + attributes
	var age, ends string
	for rest := attributes; more; {
		var attribute string
		attribute, rest, more = strings.Cut(rest, ";")
		name, value, _ := strings.Cut(attribute, "=")
		value = trim(value)
		// The last of several attributes of a name counts.
		switch strings.ToLower(trim(name)) {
		case "path":
			c.path = value
		case "domain":
			c.domain = strings.TrimPrefix(value, ".")
		case "httponly":
			c.httpOnly = true
		case "partitioned":
			c.partitioned = true
		case "max-age":
			if isAge(value) {
				age = value
			}
		case "expires":
			ends = value
		}
	}
	c.removes = removes(age, ends, now)
	return c
}

// isAge reports whether browsers take the text for a Max-Age.
func isAge(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// removes reports whether a cookie with these attributes is gone by now. Max-Age
// counts before Expires.
func removes(age, ends string, now time.Time) bool {
	if age != "" {
		return age[0] == '-' || strings.Trim(age, "0") == ""
	}
	if ends == "" {
		return false
	}
	c, err := http.ParseSetCookie("c=; Expires=" + ends)
	return err == nil && !c.Expires.IsZero() && !c.Expires.After(now)
}

// label returns the label that the cookie has in the browser. The page is the path
// of the request, whose folder is the path of a cookie without one.
func (c *setCookie) label(t *Tag, page string) label {
	l := label{path: pathSign(c.at(page))}
	if c.domain != "" {
		l.kind |= domainWide
	}
	if c.partitioned {
		l.kind |= partitioned
	}
	l.tag = t.text(l.kind)
	return l
}

// at returns the path that the browser keeps the cookie for.
func (c *setCookie) at(page string) string {
	if strings.HasPrefix(c.path, "/") {
		return c.path
	}
	if end := strings.LastIndexByte(page, '/'); end > 0 {
		return page[:end]
	}
	return "/"
}

// without returns the line that removes a cookie of the same place, by name.
func (c *setCookie) without(name string) string {
	var line strings.Builder
	line.WriteString(name)
	line.WriteByte('=')
	for rest, more := c.attributes, c.attributes != ""; more; {
		var attribute string
		attribute, rest, more = strings.Cut(rest, ";")
		key, _, _ := strings.Cut(attribute, "=")
		switch strings.ToLower(trim(key)) {
		case "", "max-age", "expires":
		default:
			line.WriteByte(';')
			line.WriteString(attribute)
		}
	}
	line.WriteString("; Max-Age=0")
	return line.String()
}
