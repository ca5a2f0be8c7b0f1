// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// LogoutAddress is an address by which people sign out of an app: its own logout
// button leads there.
type LogoutAddress struct {
	paths policy.Paths
	// anywhere says that the path does not matter.
	anywhere bool
	query    [][2]string
}

// ParseLogoutAddress reads PATH[?QUERY]. The path is exact, or `/prefix/*`, or `*`
// for any; each pair of the query must be in a request's query, in any order and
// beside others.
func ParseLogoutAddress(text string) (a LogoutAddress, err error) {
	path, query, asks := strings.Cut(text, "?")
	if a.anywhere = path == "*"; !a.anywhere {
		if a.paths, err = policy.CompilePaths(path); err != nil {
			return LogoutAddress{}, err
		}
	}
	if a.query, err = parsePairs(query); err != nil {
		return LogoutAddress{}, fmt.Errorf("query %q: %w", query, err)
	}
	switch {
	case asks && len(a.query) == 0:
		return LogoutAddress{}, fmt.Errorf("nothing follows the %q: remove it, or write a pair, %q", "?", path+"?do=logout")
	case len(a.query) == 0 && (a.anywhere || path == "/*"):
		return LogoutAddress{}, fmt.Errorf("every request would sign people out: write a path, or a query, %q", "*?do=logout")
	}
	return a, nil
}

func parsePairs(query string) (pairs [][2]string, err error) {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		decodedName, err1 := url.QueryUnescape(name)
		decodedValue, err2 := url.QueryUnescape(value)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		if strings.ContainsAny(pair, "#;") || name == "" {
			return nil, fmt.Errorf("%q is not a pair: write name=value, with %%23 for # and %%3B for ;", pair)
		}
		pairs = append(pairs, [2]string{decodedName, decodedValue})
	}
	return pairs, nil
}

// covers reports whether this is the address of a request. The path is as the
// policy sees it, the query as the client has written it.
func (a *LogoutAddress) covers(path, query string) bool {
	if !a.anywhere && !a.paths.Cover(path) {
		return false
	}
	for _, pair := range a.query {
		if !hasPair(query, pair) {
			return false
		}
	}
	return true
}

// hasPair looks for one pair. It decodes only what is encoded, since it may see the
// query of every request.
func hasPair(query string, wanted [2]string) bool {
	for len(query) > 0 {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		if decodesTo(name, wanted[0]) && decodesTo(value, wanted[1]) {
			return true
		}
	}
	return false
}

func decodesTo(encoded, wanted string) bool {
	if !strings.ContainsAny(encoded, "%+") {
		return encoded == wanted
	}
	decoded, err := url.QueryUnescape(encoded)
	return err == nil && decoded == wanted
}
