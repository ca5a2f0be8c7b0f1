// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"
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
