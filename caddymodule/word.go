// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"
)

// wordOption is an option of a gate that takes one of a few words.
type wordOption struct {
	name string
	word *string
	of   []string
}

func (g *Gate) words() []wordOption {
	return []wordOption{
		{"group_separator", &g.GroupSeparator, []string{",", "|", ";"}},
		{"encode", &g.Encode, encodings()},
		{"csrf", &g.CSRF, []string{"strict"}},
		{"preflight", &g.Preflight, []string{"pass"}},
		{"streams", &g.Streams, []string{"active"}},
		{"cookies", &g.Cookies, []string{"shared"}},
		{"keep_posts", &g.KeepPosts, []string{"on", "off"}},
		{"tokens", &g.Tokens, []string{"off", "on"}},
	}
}

// checkWords checks the words. In a Caddyfile they are checked where they stand; JSON may
// hold any.
func (g *Gate) checkWords() error {
	for _, o := range g.words() {
		if *o.word != "" && !slices.Contains(o.of, *o.word) {
			return fmt.Errorf("%s: %w", o.name, unknown("word", *o.word, o.of))
		}
	}
	return nil
}
