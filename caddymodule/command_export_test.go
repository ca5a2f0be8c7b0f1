// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import "io"

// ReadPassword reads a password as --password-stdin does.
func ReadPassword(r io.Reader) (string, error) {
	p, err := readPassword(r)
	return string(p), err
}

// PromptPassword asks for a password as on a terminal.
func PromptPassword(w io.Writer, read func() ([]byte, error)) (string, error) {
	p, err := promptPassword(w, read)
	return string(p), err
}

// PrintTable prints a list for people.
func PrintTable(w io.Writer, head string, rows [][]string) error { return printTable(w, head, rows) }
