// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package accesstoken

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// Presented is what a request says about its token.
type Presented struct {
	// Token is the token; the zero Token unless OK.
	Token Token
	// OK says that exactly one Authorization came, and that it is a well-formed token.
	OK bool
	// Came says that what came is meant to be a token, whether or not it is one.
	Came bool
}

// Take reads the token of a request, `Bearer TOKEN` (RFC 6750, section 2.1) or Basic
// with the token as the password and any name (RFC 7617), and removes it from the
// header: no app ever sees one, not even one that is for another app or in a scheme
// where it does not count. What else is in Authorization stays.
//
// Browsers send Basic by themselves with whatever another site has them ask for, also
// with an account of that site's choice, so it does not count from a client that says
// that it is one (Sec-Fetch-Mode). No browser sends Bearer by itself.
func Take(h http.Header) Presented {
	lines := h["Authorization"]
	if !slices.ContainsFunc(lines, isOurs) {
		return Presented{}
	}
	delete(h, "Authorization")
	p := Presented{Came: true}
	if len(lines) > 1 {
		return p // which of them counts, two readers would not agree on
	}
	scheme, text := read(lines[0])
	switch {
	case strings.EqualFold(scheme, "Bearer"):
	case strings.EqualFold(scheme, "Basic"):
		if len(h["Sec-Fetch-Mode"]) > 0 {
			return Presented{}
		}
	default:
		return p
	}
	p.Token, p.OK = Parse(text)
	return p
}

func isOurs(line string) bool {
	_, text := read(line)
	return strings.HasPrefix(text, Prefix)
}

// read returns the scheme and what may be a token.
func read(line string) (scheme, text string) {
	scheme, text, _ = strings.Cut(strings.Trim(line, blanks), " ")
	text = strings.Trim(text, blanks)
	if !strings.EqualFold(scheme, "Basic") {
		return scheme, text
	}
	account, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return scheme, ""
	}
	_, password, _ := strings.Cut(string(account), ":")
	return scheme, password
}

const blanks = " \t"
