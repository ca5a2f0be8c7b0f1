// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
)

// An error that says "permission denied" says what to do about it, and no other does.
func TestOwned(t *testing.T) {
	const remedy = "give /var/lib/gatehouse and all that is in it to the user that Caddy runs as"
	denied := &fs.PathError{Op: "open", Path: "/var/lib/gatehouse/gatehouse.db", Err: fs.ErrPermission}
	err := caddymodule.Owned(denied.Path, denied)
	if !errors.Is(err, denied) || !strings.Contains(err.Error(), remedy) {
		t.Errorf("got %v", err)
	}
	if other := errors.New("a disk that fails"); caddymodule.Owned(denied.Path, other) != other {
		t.Error("another error is not left as it is")
	}
}
