// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package test_test starts the real command as a process of its own and meets it
// as browsers, operators, apps and attackers do: over HTTP, by signals, through
// the commands. What a promise of README or a line of the threat model means for
// the whole is tried here; what it means for a part, beside that part.
//
// Sites have the addresses that they would have in the world,
// https://wiki.example.com, and the browsers of these tests find them on
// loopback, see [browser].
package test_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// caddy is the command that all tests start. TestMain builds it from this
// checkout.
var caddy string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "gatehouse-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	caddy = filepath.Join(dir, "caddy")
	if out, err := exec.Command("go", "build", "-o", caddy, "../cmd/caddy").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building cmd/caddy: %w\n%s", err, out)
	}
	// Where a test is parallel here, it is so for its subject's sake: as many at the
	// same moment as it says, however few processors there are.
	flag.Parse()
	if err := flag.Set("test.parallel", "32"); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// require skips the test when the machine lacks what it needs, or fails it when
// GATEHOUSE_REQUIRE=all says that nothing may be lacking.
func require(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("GATEHOUSE_REQUIRE") == "all":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}
