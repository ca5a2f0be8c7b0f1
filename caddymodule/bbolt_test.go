// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
	"go.uber.org/zap"
)

// A file that Caddy may not open, as a command that ran as root leaves it, is refused
// with what to do about it. Root may open everything, so that the real refusal shows
// to others only.
func TestStoreOfAnotherUser(t *testing.T) {
	const remedy = "give /var/lib/gatehouse and all that is in it to the user that Caddy runs as"
	denied := &fs.PathError{Op: "open", Path: "/var/lib/gatehouse/gatehouse.db", Err: fs.ErrPermission}
	err := caddymodule.Owned(denied.Path, denied)
	if !errors.Is(err, denied) || !strings.Contains(err.Error(), remedy) {
		t.Errorf("got %v", err)
	}
	if other := errors.New("a disk that fails"); caddymodule.Owned(denied.Path, other) != other {
		t.Error("another error is not left as it is")
	}
	if os.Geteuid() == 0 {
		return
	}
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	if err := os.WriteFile(path, []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := (&caddymodule.Bbolt{Path: path}).Open(t.Context(), zap.NewNop()); err == nil || !strings.Contains(err.Error(), "the user that Caddy runs as") {
		t.Errorf("got %v", err)
	}
}
