// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"os"
	"os/exec"
	"testing"
)

// background runs a program that an app needs until the test ends, by a signal, and
// returns what it writes where nobody has asked for it. A test that fails shows its end.
func background(t *testing.T, command *exec.Cmd, end os.Signal) *logbook {
	t.Helper()
	out := new(logbook)
	command.Stderr = out
	if command.Stdout == nil {
		command.Stdout = out
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(end)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", command.Path, out.tail(20))
		}
	})
	return out
}

// listening runs a program in the background and waits for its socket.
func listening(t *testing.T, socket string, command *exec.Cmd, end os.Signal) {
	t.Helper()
	background(t, command, end)
	eventually(t, command.Path+" listens", func() bool {
		_, err := os.Stat(socket)
		return err == nil
	})
}
