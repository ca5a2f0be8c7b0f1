// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// naming returns what the options `user_as` and `send_groups` say.
func (g *Gate) naming() (gate.Naming, error) {
	if _, err := gate.ParseNaming(g.UserAs); err != nil {
		return gate.Naming{}, fmt.Errorf("user_as: %w", err)
	}
	n, err := gate.ParseNaming(g.UserAs, g.SendGroups...)
	if err != nil {
		return gate.Naming{}, fmt.Errorf("send_groups: %w", err)
	}
	return n, nil
}

// checkUserAs checks the word of the option `user_as`.
func checkUserAs(word string) error {
	_, err := gate.ParseNaming(word)
	return err
}

// groupsOption is the option that names groups: `send_groups PATTERN…|off`.
func groupsOption(target *[]string) option {
	check := func(patterns ...string) error {
		_, err := gate.ParseNaming("", patterns...)
		return err
	}
	o := list(target, "PATTERN…|off", func(pattern string) error { return check(pattern) })
	add := o.words
	o.words = func(words []string) error {
		if err := add(words); err != nil {
			return err
		}
		return check(*target...)
	}
	return o
}

// encodings are the words of the option `encode`.
func encodings() []string { return []string{string(gate.EncodeMIME), string(gate.EncodePercent)} }
