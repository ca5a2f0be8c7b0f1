// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// TestFileMovedAwayWhileOpen: what is written to a file that its path does not lead
// to any more is gone with the process, a logout too, so nothing is answered as
// done until the file is back.
func TestFileMovedAwayWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(name string) error {
		return s.Commit(t.Context(), store.PutDocument{Document: store.Document{Name: name, Data: []byte("x")}})
	}
	if err := put("before"); err != nil {
		t.Fatal(err)
	}
	aside := path + ".aside"
	for what, replace := range map[string]func() error{
		"removed":  func() error { return nil },
		"replaced": func() error { return os.WriteFile(path, []byte("another file"), 0o600) },
	} {
		if err := errors.Join(os.Rename(path, aside), replace()); err != nil {
			t.Fatal(err)
		}
		if err := put("meanwhile"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: a commit returned %v, want ErrUnavailable", what, err)
		}
		if err := s.Healthy(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: Healthy returned %v, want ErrUnavailable", what, err)
		}
		if err := os.Rename(aside, path); err != nil {
			t.Fatal(err)
		}
		if err := put(what); err != nil {
			t.Errorf("%s: a commit after the file came back: %v", what, err)
		}
	}
	if _, err := s.Document(t.Context(), "meanwhile"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what was refused is there: %v", err)
	}
}
