// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
	"go.uber.org/zap"
)

// nobody is a user who is not root.
const nobody = 65534

// A file that Caddy may not open, as a command that ran as root leaves it, is refused
// with what to do about it.
func TestStoreOfAnotherUser(t *testing.T) {
	dir := folder(t)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // it is the file that is refused
		t.Fatal(err)
	}
	path := filepath.Join(dir, "gatehouse.db")
	if err := os.WriteFile(path, []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // who may open everything, unless this thread asks as somebody else
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setfsuid(0)
	}
	_, err := (&caddymodule.Bbolt{Path: path}).Open(t.Context(), zap.NewNop())
	if err == nil || !strings.Contains(err.Error(), "gatehouse.db: permission denied") || !strings.Contains(err.Error(), "run commands as that user") {
		t.Errorf("got %v", err)
	}
}
