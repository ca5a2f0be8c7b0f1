// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
	"github.com/google/go-cmp/cmp"
)

// Every option that a block takes is in the grammar above its parser, and the other
// way round; and docs/caddyfile.md has a line for each.
func TestEveryOptionIsWrittenDown(t *testing.T) {
	page, err := os.ReadFile("../docs/caddyfile.md")
	if err != nil {
		t.Fatal(err)
	}
	grammars := grammars(t)
	for parser, want := range caddymodule.Blocks() {
		if diff := cmp.Diff(want, grammars[parser]); diff != "" {
			t.Errorf("the comment of %s, -options +comment:\n%s", parser, diff)
		}
		for _, name := range want {
			row := regexp.MustCompile("(?m)^\\| .*`" + regexp.QuoteMeta(name) + "[ `]")
			if !row.Match(page) {
				t.Errorf("docs/caddyfile.md has no line for %q", name)
			}
		}
	}
}

// grammars returns the names of options in the comments that begin with "Syntax:",
// by function.
func grammars(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if _, grammar, ok := strings.Cut(function.Doc.Text(), "Syntax:\n"); ok {
				found[function.Name.Name] = options(grammar)
			}
		}
	}
	return found
}

// options returns the names at the beginning of the lines inside of a block.
func options(grammar string) []string {
	var names []string
	for line := range strings.Lines(grammar) {
		words := strings.Fields(line)
		if strings.HasPrefix(line, "\t\t") && len(words) > 0 && words[0] != "}" {
			names = append(names, strings.Split(words[0], "|")...)
		}
	}
	slices.Sort(names)
	return names
}
