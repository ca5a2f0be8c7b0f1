// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// resolveSecret replaces the placeholders in a secret when the configuration is
// loaded, so that the adapted one holds none of it. The error names the placeholder
// that has no value, and shows nothing else.
func resolveSecret(option, text string) (string, error) {
	secret, err := caddy.NewReplacer().ReplaceOrErr(text, true, true)
	if err == nil {
		return secret, nil
	}
	// The error of the replacer may quote what surrounds the placeholder.
	for _, placeholder := range regexp.MustCompile(`\{(env|file)\.[^{}\s]+\}`).FindAllString(text, -1) {
		value, err := caddy.NewReplacer().ReplaceOrErr(placeholder, true, true)
		if err == nil && value != "" {
			continue
		}
		if name, ok := strings.CutPrefix(placeholder, "{env."); ok {
			return "", fmt.Errorf("%s: %s has no value: set the environment variable %s", option, placeholder, strings.TrimSuffix(name, "}"))
		}
		return "", fmt.Errorf("%s: %s has no value: write the file, for the user that runs Caddy to read", option, placeholder)
	}
	return "", fmt.Errorf("%s: a placeholder in it has no value: set the environment variable or write the file that it names", option)
}
