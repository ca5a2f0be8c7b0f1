// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import "strings"

// patterns are the paths of one rule.
type patterns []pattern

// pattern is one path of a rule.
type pattern struct {
	path string // without the final "/*" of a tree
	tree bool
}

// cover reports whether one of the patterns covers the path.
func (ps patterns) cover(path string) bool {
	for _, p := range ps {
		if p.covers(path) {
			return true
		}
	}
	return false
}

func (p pattern) covers(path string) bool {
	if !p.tree || len(path) <= len(p.path) {
		return path == p.path
	}
	return path[len(p.path)] == '/' && strings.HasPrefix(path, p.path)
}

// withoutSlash returns the exact paths that end in a slash, without it. That is what
// their readings look like (see readings).
func (ps patterns) withoutSlash() patterns {
	var more patterns
	for _, p := range ps {
		if path := strings.TrimSuffix(p.path, "/"); !p.tree && path != p.path && path != "" {
			more = append(more, pattern{path: path})
		}
	}
	return more
}

// String returns the pattern as it was written.
func (p pattern) String() string {
	if p.tree {
		return p.path + "/*"
	}
	return p.path
}
