// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
)

// What is set aside twice within a second is there twice, and a store and its key can
// be told to belong together by the end of their names.
func TestSetAsideTwiceWithinASecond(t *testing.T) {
	now := time.Date(2026, 11, 29, 11, 36, 0, 0, time.UTC)
	store := filepath.Join(t.TempDir(), "gatehouse.db")
	key := store + ".key"
	for i, want := range [][]string{
		{store + ".old-20261129-113600"},
		{store + ".old-20261129-113600-2", key + ".old-20261129-113600-2"},
		{store + ".old-20261129-113600-3", key + ".old-20261129-113600-3"},
	} {
		paths := []string{store, key}[:min(i+1, 2)]
		for _, path := range paths {
			if err := os.WriteFile(path, []byte{byte(i)}, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := caddymodule.SetAside(now, paths...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round %d (-want +got):\n%s", i, diff)
		}
		for _, path := range want {
			if held, err := os.ReadFile(path); err != nil || string(held) != string([]byte{byte(i)}) {
				t.Errorf("%s holds %q, %v", path, held, err)
			}
		}
	}
}
