// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// checkWords checks the options of a gate that take one of a few words. In a Caddyfile
// they are checked where they stand; JSON may hold any.
func (g *Gate) checkWords() error {
	for _, o := range []struct {
		name, word string
		of         []string
	}{
		{"group_separator", g.GroupSeparator, []string{",", "|", ";"}},
		{"encode", g.Encode, encodings()},
		{"csrf", g.CSRF, []string{"strict"}},
		{"preflight", g.Preflight, []string{"pass"}},
		{"streams", g.Streams, []string{"active"}},
		{"cookies", g.Cookies, []string{"shared"}},
		{"keep_posts", g.KeepPosts, []string{"off", "on"}},
		{"tokens", g.Tokens, []string{"off", "on"}},
	} {
		if o.word != "" && !slices.Contains(o.of, o.word) {
			return fmt.Errorf("%s: %w", o.name, unknown("word", o.word, o.of))
		}
	}
	return nil
}

// checkPaths checks one path of an option that takes paths.
func checkPaths(path string) error {
	_, err := policy.CompilePaths(path)
	return err
}

// checkLogoutOn checks one address of the option `logout_on`.
func checkLogoutOn(address string) error {
	_, err := gate.ParseLogoutAddress(address)
	return err
}

// checkAppName checks the name of an app: it is an audience, and appears in logs,
// lists and addresses.
func checkAppName(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	if len(name) == 0 || len(name) > 64 || strings.Trim(name, letters) != "" {
		return fmt.Errorf("gatehouse: %q is not the name of an app: use at most 64 letters, digits, hyphens, underscores and dots", name)
	}
	return nil
}
