// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

// Paths are paths of an app for which something other than a rule holds, written
// as the paths of rules are: exact or "/prefix/*". The zero value covers none.
type Paths struct{ patterns patterns }

// CompilePaths checks paths. An error names the path that is wrong and what would
// be right.
func CompilePaths(paths ...string) (Paths, error) {
	ps, err := compilePaths(paths)
	return Paths{ps}, err
}

// Cover reports whether one of the paths covers this one, which is as [CheckPath]
// returns it.
func (p Paths) Cover(path string) bool { return p.patterns.cover(path) }
