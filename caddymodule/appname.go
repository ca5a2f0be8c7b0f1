// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"strings"
)

// checkAppName checks the name of an app: it is an audience, and appears in logs,
// lists and addresses.
func checkAppName(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	if len(name) == 0 || len(name) > 64 || strings.Trim(name, letters) != "" {
		return fmt.Errorf("gatehouse: %q is not the name of an app: use at most 64 letters, digits, hyphens, underscores and dots", name)
	}
	return nil
}

// nameOf derives the name of an app from its addresses.
func nameOf(addresses []address) (string, error) {
	name := ""
	for _, a := range addresses {
		label, _, _ := strings.Cut(a.host, ".")
		if strings.Contains(a.host, ":") || strings.Trim(a.host, "0123456789.") == "" {
			return "", fmt.Errorf("it lives at an IP address, %s, which gives it no name: write gatehouse NAME", a.host)
		}
		if name != "" && name != label {
			return "", fmt.Errorf("its hosts would name it %q or %q: write gatehouse %s, or another name", name, label, name)
		}
		name = label
	}
	return name, checkAppName(name)
}
