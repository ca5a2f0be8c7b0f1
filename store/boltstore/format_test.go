// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// testdata/format-1.db was written by a program that knew format 1: 20 sessions of
// u-0, u-1 and u-2 in turn, the last with three reads left, and one document.
func formatOne(t *testing.T) (path string, data []byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "format-1.db"))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "gatehouse.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

func checkFormatOne(t *testing.T, s store.Store) {
	t.Helper()
	n := 0
	for owner, want := range map[string]int{"": 20, "u-0": 7, "u-1": 7, "u-2": 6} {
		for r, err := range s.List(t.Context(), "session", store.Filter{Owner: owner}) {
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(r.Payload), "payload ") || len(r.Secrets) != 1 || r.Version != 1 {
				t.Errorf("record %+v", r)
			}
			n += int(r.Reads)
			want--
		}
		if want != 0 {
			t.Errorf("%d records of %q are missing", want, owner)
		}
	}
	if n != 6 { // seen twice
		t.Errorf("reads left: %d", n)
	}
	if d, err := s.Document(t.Context(), "user/a"); err != nil || string(d.Data) != "a" {
		t.Errorf("document: %+v, %v", d, err)
	}
}

// A file of an older format opens with everything in it, and a copy of what it was
// is kept beside it: with that one the older program goes on.
func TestOlderFormat(t *testing.T) {
	path, old := formatOne(t)
	checkFormatOne(t, openFile(t, path))
	kept := path + ".format-1"
	s, err := boltstore.Open(kept, boltstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	checkFormatOne(t, s)
	if copied, err := os.ReadFile(kept); err != nil || len(copied) != len(old) || !bytes.Contains(copied, []byte("format1")) {
		t.Errorf("the copy has %d bytes, %v", len(copied), err)
	}
	if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the copy: %v, %v", info.Mode(), err)
	}
}

// Read-only means unchanged, of an older format too.
func TestOlderFormatReadOnly(t *testing.T) {
	path, old := formatOne(t)
	s, err := boltstore.Open(path, boltstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	checkFormatOne(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, old) {
		t.Errorf("the file was changed, %v", err)
	}
}

// Without a copy nothing is changed: there would be no way back.
func TestOlderFormatWithoutCopy(t *testing.T) {
	path, old := formatOne(t)
	if err := os.MkdirAll(filepath.Join(path+".format-1.part", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(path, boltstore.Options{}); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "no copy can be kept") {
		t.Errorf("got error %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, old) {
		t.Errorf("the file was changed, %v", err)
	}
}
