// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
)

// TestMain lets scripts start this binary as caddy.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"caddy": caddycmd.Main})
}

// The commands as an operator types them, each script against the real thing: the
// store file, and a Caddy in a process of its own.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// Not below the script's folder: the path of a socket has 108 bytes at most.
			dir, err := os.MkdirTemp("", "gh")
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(dir) })
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("SOCKET", filepath.Join(dir, "admin"))
			env.Setenv("PORT", strconv.Itoa(port(t)))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await},
	})
}

// await waits until a Caddy listens at the admin socket, or, negated, none does any more.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) > 0 {
		ts.Fatalf("usage: [!] await")
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("unix", ts.Getenv("SOCKET"))
		if err == nil {
			conn.Close()
		}
		if (err == nil) != neg {
			return
		}
	}
	ts.Fatalf("nothing has happened at %s", ts.Getenv("SOCKET"))
}

// One newline is what echo appends; all else may belong to the password.
func TestReadPasswordDropsOneNewline(t *testing.T) {
	for given, want := range map[string]string{
		"":               "",
		"secret":         "secret",
		"secret\n":       "secret",
		"secret\n\n":     "secret\n",
		"secret\r\n":     "secret\r",
		" secret \n":     " secret ",
		"\nsecret":       "\nsecret",
		"two\nlines\n":   "two\nlines",
		"without end \n": "without end ",
	} {
		if got, err := caddymodule.ReadPassword(strings.NewReader(given)); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", given, got, err, want)
		}
	}
}

// What is not UTF-8 would become another password in JSON.
func TestReadPasswordRefusesWhatIsNotUTF8(t *testing.T) {
	if _, err := caddymodule.ReadPassword(strings.NewReader("correct h\xf6rse battery\n")); err == nil || strings.Contains(err.Error(), "battery") {
		t.Errorf("got %v", err)
	}
}

// On a terminal a password is asked for twice, and a slip changes nothing.
func TestPromptPassword(t *testing.T) {
	typing := func(words ...string) func() ([]byte, error) {
		return func() ([]byte, error) {
			if len(words) == 0 {
				return nil, errors.New("end of input")
			}
			word := words[0]
			words = words[1:]
			return []byte(word), nil
		}
	}
	var prompts strings.Builder
	if got, err := caddymodule.PromptPassword(&prompts, typing("a good one", "a good one")); err != nil || got != "a good one" {
		t.Errorf("got %q, %v", got, err)
	}
	if strings.Contains(prompts.String(), "good") {
		t.Errorf("the prompts show the password: %q", prompts.String())
	}
	for _, words := range [][]string{{"a good one", "a god one"}, {"a good one"}, {}} {
		if got, err := caddymodule.PromptPassword(&prompts, typing(words...)); err == nil {
			t.Errorf("%q was taken as %q", words, got)
		}
	}
}

// What a browser has sent must not move the operator's cursor.
func TestTablesShowNoControls(t *testing.T) {
	var b strings.Builder
	if err := caddymodule.PrintTable(&b, "A\tB", [][]string{{"x\x1b[2J\ty\n", "\u202eevil"}, {"", "ä"}}); err != nil {
		t.Fatal(err)
	}
	want := "A         B\nx\ufffd[2J\ufffdy\ufffd  \ufffdevil\n-         ä\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
