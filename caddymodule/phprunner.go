// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// phpRunnerOption is the option `phprunner_key KEY [OLD]`.
func phpRunnerOption(target *[]string) option {
	return option{usage: `"KEY" ["OLD"]`, min: 1, max: 2, secret: true, words: func(words []string) error {
		if len(words) == 2 && words[0] == words[1] {
			return fmt.Errorf("both keys are the same: keep one of the two")
		}
		*target = slices.Clone(words)
		return nil
	}}
}

// resolvePHPRunner reads the keys.
func (g *Gate) resolvePHPRunner(ctx caddy.Context) error {
	for i, text := range g.PHPRunnerKeys {
		key, err := resolveSecret("phprunner_key", text)
		if err != nil {
			return err
		}
		if key == "" {
			return fmt.Errorf("phprunner_key: a key is empty: write the one of the app, as {env.NAME} or {file.PATH}")
		}
		if key == g.Assertion.Secret {
			return fmt.Errorf("phprunner_key is the assertion_secret as well: give each of the two a secret of its own")
		}
		if len(key) < secretLength {
			worth := "can be anybody in the app"
			if g.AcceptTokens != nil {
				worth = "can sign in at the gateway as anybody whom accept_tokens names"
			}
			ctx.Logger().Warn("phprunner_key is short: whoever guesses it "+worth+"; use it for nothing else",
				zap.String("app", g.Name), zap.Int("bytes", len(key)), zap.Int("recommended", secretLength))
		}
		g.PHPRunnerKeys[i] = key
	}
	return nil
}

// phpRunner returns what the keys are for.
func (g *Gate) phpRunner() gate.PHPRunner {
	var p gate.PHPRunner
	for _, key := range g.PHPRunnerKeys {
		p.Keys = append(p.Keys, []byte(key))
	}
	return p
}
