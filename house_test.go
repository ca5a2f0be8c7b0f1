// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gatehouse_test

import (
	"bytes"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const spdx = "// SPDX-FileCopyrightText: 2026 The Gatehouse Authors\n// SPDX-License-Identifier: Apache-2.0\n\n"

// longest is where a file has more than one noun in it. A test may go on for
// longer, since it is read a case at a time.
const (
	longest     = 400
	longestTest = 600
)

// TestEveryFileIsInOrder: each Go file of the checkout, in whatever module, says
// whose it is, is formatted, and can be read in one sitting.
func TestEveryFileIsInOrder(t *testing.T) {
	for _, name := range files(t, ".go") {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(source, []byte("// Code generated ")) {
			continue
		}
		if !bytes.HasPrefix(source, []byte(spdx)) {
			t.Errorf("%s does not begin with the two SPDX lines and an empty one", name)
		}
		most := longest
		if strings.HasSuffix(name, "_test.go") {
			most = longestTest
		}
		if lines := bytes.Count(source, []byte("\n")); lines > most {
			t.Errorf("%s has %d lines: more than %d are more than one noun", name, lines, most)
		}
		formatted, err := format.Source(source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !bytes.Equal(formatted, source) {
			t.Errorf("%s is not formatted: gofmt -w %[1]s", name)
		}
	}
}

// TestNothingIsMadeOfGuessableNumbers: what is secret is random, and random numbers that can
// be told in advance are in no code but that of tests and comparisons (threat 29).
func TestNothingIsMadeOfGuessableNumbers(t *testing.T) {
	for _, name := range files(t, ".go") {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "bench"+string(filepath.Separator)) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if strings.HasPrefix(i.Path.Value, `"math/rand`) {
				t.Errorf("%s imports %s: take crypto/rand", name, i.Path.Value)
			}
		}
	}
}

// TestEveryPackageSaysWhatItOwns: a package comment says what a package owns
// and what it leaves to whom, which takes more than a line.
func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	for _, p := range list(t) {
		doc := packageComment(t, p.dir)
		if strings.Count(strings.TrimSpace(doc), "\n") < 1 {
			t.Errorf("package %q says no more of itself than %q", p.name, strings.TrimSpace(doc))
		}
	}
}

// packageComment returns the longest package comment of a directory.
func packageComment(t *testing.T, dir string) string {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var longest string
	for _, name := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if text := file.Doc.Text(); len(text) > len(longest) {
			longest = text
		}
	}
	return longest
}

// files returns the files of the checkout with this ending, without those of
// directories that begin with a dot, hold state, or are input of tests.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." {
			switch base := entry.Name(); {
			case strings.HasPrefix(base, "."), base == "testdata", base == "gatehouse-data", base == "node_modules", base == "vendor":
				return filepath.SkipDir
			}
		}
		if !entry.IsDir() && strings.HasSuffix(name, ending) {
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
