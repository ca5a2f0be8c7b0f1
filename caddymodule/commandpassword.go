// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
)

// maxPasswordInput bounds what is read for a password. It is more than a password
// may have, so that one that is too long is refused and not cut.
const maxPasswordInput = 64 << 10

func passwordFlag(cmd *cobra.Command, stdin *bool) {
	cmd.Flags().BoolVar(stdin, "password-stdin", false, "Read the password from standard input; one newline at its end is dropped")
}

// newPassword asks for a password on the terminal, or reads it from standard input.
// There is no way to give one on the command line, which other users can see.
func newPassword(stdin bool) (admin.Password, error) {
	if stdin {
		return readPassword(os.Stdin)
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return "", errors.New("there is no terminal to ask for the password on: use --password-stdin")
	}
	return promptPassword(os.Stderr, func() ([]byte, error) { return term.ReadPassword(int(os.Stdin.Fd())) })
}

// readPassword reads all there is and drops one newline, which is what `echo`
// appends; every other sign may belong to the password.
func readPassword(r io.Reader) (admin.Password, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPasswordInput))
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return checked(strings.TrimSuffix(string(text), "\n"))
}

// checked refuses what would become another password on its way, which is JSON.
func checked(password string) (admin.Password, error) {
	if !utf8.ValidString(password) {
		return "", errors.New("the password is not UTF-8: convert it, or choose another")
	}
	return admin.Password(password), nil
}

// promptPassword asks twice, since nobody sees what they type.
func promptPassword(w io.Writer, read func() ([]byte, error)) (admin.Password, error) {
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(w, prompt)
		text, err := read()
		fmt.Fprintln(w)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		typed[i] = string(text)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ: nothing was changed")
	}
	return checked(typed[0])
}
