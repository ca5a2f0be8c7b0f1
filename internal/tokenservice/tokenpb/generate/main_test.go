// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is committed is what token.proto says, made with the tools of go.mod.
func TestCommittedCodeIsOfTheSource(t *testing.T) {
	root := t.TempDir()
	if err := generate(t.Context(), "../../../..", root); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(root, filepath.Dir(source), "*.go"))
	if err != nil || len(made) != 2 {
		t.Fatalf("made %q, %v, want two files", made, err)
	}
	for _, name := range made {
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", filepath.Base(name)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is out of date, run `go generate ./internal/tokenservice/tokenpb`:\n%s", filepath.Base(name), diff)
		}
	}
}
