// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// BasicAuth is an account of an app that wants a name and a password.
type BasicAuth struct {
	// The name and the password. Keep them out of the configuration with placeholders,
	// `{env.PRINTER_PASSWORD}` or `{file./run/secrets/printer}`, which are replaced when
	// the configuration is loaded.
	User     string `json:"user"`
	Password string `json:"password"`

	// The groups whose people come with this account. Default: everybody.
	Groups []string `json:"groups,omitempty"`
}

// basicAuthOption is the option `basic_auth USER PASSWORD [group NAME…]`.
func basicAuthOption(target *[]BasicAuth) option {
	return option{usage: `USER PASSWORD [group NAME…]`, min: 2, max: many, repeats: true, secret: true, words: func(words []string) error {
		account := BasicAuth{User: words[0], Password: words[1], Groups: words[2:]}
		if len(account.Groups) > 0 {
			// What stands here may be a part of the password: it is not shown.
			if account.Groups[0] != "group" || len(account.Groups) == 1 {
				return errors.New("behind the password stands nothing, or group NAME…: put quotes around what has spaces in it")
			}
			account.Groups = account.Groups[1:]
		}
		*target = append(*target, account)
		return checkBasicAuth(*target)
	}}
}

// checkBasicAuth checks the groups of the accounts: each of them can be reached.
func checkBasicAuth(accounts []BasicAuth) error {
	seen := map[string]bool{}
	for i, account := range accounts {
		if len(account.Groups) == 0 && i < len(accounts)-1 {
			return errors.New("an account for everybody stands before others, which nobody would come with: write it last")
		}
		for _, group := range account.Groups {
			if seen[group] {
				return fmt.Errorf("group %q has an account already: keep one of the two", group)
			}
			seen[group] = true
		}
		if _, err := policy.Compile(policy.Rules{Rules: []policy.Rule{{Groups: account.Groups}}}); len(account.Groups) > 0 && err != nil {
			return err
		}
	}
	return nil
}

// resolveBasicAuth reads the accounts.
func (g *Gate) resolveBasicAuth() error {
	for i := range g.BasicAuth {
		account := &g.BasicAuth[i]
		var err error
		if account.User, err = resolveSecret("basic_auth", account.User); err != nil {
			return err
		}
		if account.Password, err = resolveSecret("basic_auth", account.Password); err != nil {
			return err
		}
	}
	return nil
}

// credentials returns what the option `basic_auth` says, resolved.
func (g *Gate) credentials() ([]gate.Credential, error) {
	if len(g.BasicAuth) > 0 && g.KeepAuthorization {
		return nil, errors.New("basic_auth and keep_authorization contradict each other: the app reads one Authorization")
	}
	if err := checkBasicAuth(g.BasicAuth); err != nil {
		return nil, fmt.Errorf("basic_auth: %w", err)
	}
	var all []gate.Credential
	for _, account := range g.BasicAuth {
		c, err := gate.NewCredential(account.User, account.Password, account.Groups...)
		if err != nil {
			return nil, fmt.Errorf("basic_auth: %w", err)
		}
		all = append(all, c)
	}
	return all, nil
}
