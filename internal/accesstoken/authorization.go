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

// isOurs finds a token wherever somebody may have put it by mistake, in the place of the
// name for example: the app, to which the rest would go, must not learn it.
func isOurs(line string) bool {
	name, password, _ := strings.Cut(account(line), ":")
	return strings.HasPrefix(name, Prefix) || strings.HasPrefix(password, Prefix) ||
		slices.ContainsFunc(strings.FieldsFunc(line, separates), func(word string) bool { return strings.HasPrefix(word, Prefix) })
}

func separates(r rune) bool { return strings.ContainsRune(" \t,;=:\"", r) }

// account returns name and password of Basic, or nothing.
func account(line string) string {
	scheme, text, _ := strings.Cut(strings.Trim(line, blanks), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return ""
	}
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.Trim(text, blanks+"="))
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(decoded)
}

// read returns the scheme and what may be a token.
func read(line string) (scheme, text string) {
	scheme, text, _ = strings.Cut(strings.Trim(line, blanks), " ")
	if strings.EqualFold(scheme, "Basic") {
		_, text, _ = strings.Cut(account(line), ":")
		return scheme, text
	}
	return scheme, strings.Trim(text, blanks)
}

const blanks = " \t"
