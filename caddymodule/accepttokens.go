// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

const (
	acceptUsage = "[user NAME…] [group NAME…] app NAME…"
	// acceptLength is how many bytes a key has at least with which an app signs people in
	// at the gateway. Those that PHPRunner makes have 20.
	acceptLength = 16
)

// AcceptTokens says whom an app may sign in at the gateway by a token of its own, and what
// that opens. The person is asked whether they go on, the session's `amr` is `app`, and it
// opens neither the portal's page of the account nor any app that is not named here.
type AcceptTokens struct {
	// The people, by the names with which they sign in. They must have accounts: none is
	// made.
	Users []string `json:"users,omitempty"`

	// The groups whose members may come, as they are at each request.
	Groups []string `json:"groups,omitempty"`

	// The names of the apps that such a session opens, as far as their own rules let the
	// person in. Required.
	Apps []string `json:"apps,omitempty"`
}

// acceptTokensOption is the option `accept_tokens [user NAME…] [group NAME…] app NAME…`.
func acceptTokensOption(target **AcceptTokens) option {
	return option{usage: acceptUsage, min: 1, max: many, words: func(words []string) error {
		var a AcceptTokens
		lists := map[string]*[]string{"user": &a.Users, "group": &a.Groups, "app": &a.Apps}
		err := byKeyword(words, []string{"user", "group", "app"}, func(keyword string, words []string) error {
			if len(words) == 0 {
				return fmt.Errorf("nothing follows %q: write %s", keyword, acceptUsage)
			}
			*lists[keyword] = words
			return nil
		})
		if err != nil {
			return err
		}
		*target = &a
		return a.check()
	}}
}

// check checks the lists by themselves.
func (a *AcceptTokens) check() error {
	if len(a.Users)+len(a.Groups) == 0 {
		return errors.New("it does not say whom the app may sign in: write user NAME… or group NAME…; the key of one app must not be everybody's login")
	}
	if len(a.Apps) == 0 {
		return errors.New("it does not say what that opens: write app NAME…, with the names of the apps, its own as well where it is one of them")
	}
	for i, app := range a.Apps {
		if err := checkAppName(app); err != nil {
			return err
		}
		if slices.Contains(a.Apps[:i], app) {
			return fmt.Errorf("%q is there twice: keep one of the two", app)
		}
	}
	_, err := a.people()
	return err
}

// people returns whom the app may sign in.
func (a *AcceptTokens) people() (*policy.Policy, error) {
	return policy.Compile(policy.Rules{Rules: []policy.Rule{{Users: a.Users, Groups: a.Groups}}})
}

// checkAcceptTokens checks the option, and what it needs of the gate's other ones.
func (g *Gate) checkAcceptTokens() error {
	if g.AcceptTokens == nil {
		return nil
	}
	if err := cmp.Or(g.AcceptTokens.check(), g.fitsAcceptTokens()); err != nil {
		return fmt.Errorf("accept_tokens: %w", err)
	}
	return nil
}

// fitsAcceptTokens checks the options of a gate whose app signs people in.
func (g *Gate) fitsAcceptTokens() error {
	if len(g.PHPRunnerKeys) == 0 {
		return errors.New("the app has no key with which it could sign: write phprunner_key {env.NAME} or {file.PATH}")
	}
	for _, key := range g.PHPRunnerKeys {
		if len(key) < acceptLength {
			return fmt.Errorf("phprunner_key has %d bytes: a key that signs people in at the gateway has at least %d", len(key), acceptLength)
		}
	}
	if naming, err := g.naming(); err == nil && !naming.BySignIn() {
		return fmt.Errorf("user_as %s contradicts it: the app would name people in a way that is not unique here; remove one of the two", g.UserAs)
	}
	return nil
}

// bookOf returns which of the apps may sign people in. The names of those that this opens
// must be known, and no other app may have the key: it could do the same.
func bookOf(apps []*located) (voucher.Book, error) {
	var book voucher.Book
	var names []string
	for _, app := range apps {
		names = append(names, app.name)
	}
	for _, app := range apps {
		accept := app.gates[0].AcceptTokens
		if accept == nil {
			continue
		}
		for _, name := range accept.Apps {
			if !slices.Contains(names, name) {
				return nil, app.wrap(fmt.Errorf("accept_tokens: %w", unknown("app", name, names)))
			}
		}
		if other := sharesKey(app, apps); other != nil {
			return nil, app.wrap(fmt.Errorf("accept_tokens: %s has the same key, and could sign people in as this app: give each a key of its own; links between apps do not need a common one", other.title()))
		}
		people, err := accept.people()
		if err != nil {
			return nil, app.wrap(fmt.Errorf("accept_tokens: %w", err))
		}
		book = append(book, voucher.Terms{App: app.name, Keys: app.gates[0].phpRunner().Keys, People: people, Apps: accept.Apps})
	}
	return book, nil
}

// sharesKey returns another app that has a key of this one, or nil.
func sharesKey(app *located, apps []*located) *located {
	for _, other := range apps {
		if other == app {
			continue
		}
		for _, key := range app.gates[0].PHPRunnerKeys {
			settings := other.gates[0]
			if slices.Contains(settings.PHPRunnerKeys, key) || settings.Assertion.Secret == key {
				return other
			}
		}
	}
	return nil
}
