// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// Question asks what would happen to a request.
type Question struct {
	// User is the name of who is signed in; empty means that nobody is.
	User string
	// URL is the public address that is asked for.
	URL string
	// Method is the request's method. Empty means GET.
	Method string
	// Address is the client's. The zero value says that it is not known.
	Address netip.Addr
}

// Explanation is the answer to a [Question].
type Explanation struct {
	App  string `json:"app"`
	User string `json:"user"`
	// Path is what the rules are asked about: the path of the URL, decoded. A site
	// that rewrites paths before the gate asks about another one.
	Path   string `json:"path"`
	Method string `json:"method"`
	// Verdict is "allow", "sign in" or "deny".
	Verdict string `json:"verdict"`
	// Lines are the rules, each with whether it fits and why, and at the end the
	// one that decides.
	Lines []policy.Line `json:"lines"`
	// Note says what else there is to know, for people to read. It may be empty.
	Note string `json:"note,omitempty"`
}

// Explain tells which rule decides about a request.
func (a *Admin) Explain(ctx context.Context, q Question) (Explanation, error) {
	app, err := a.appOf(q.URL)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{App: app.Name, Method: "GET"}
	if q.Method != "" {
		e.Method = strings.ToUpper(q.Method)
	}
	address, err := url.Parse(q.URL)
	if err == nil {
		e.Path, err = policy.CheckPath(orSlash(address.EscapedPath()))
	}
	if err != nil {
		return Explanation{}, fmt.Errorf("%w: %q: %w", ErrBadQuestion, q.URL, err)
	}
	var user *identity.User
	if q.User != "" {
		if user, err = a.Users.ByName(ctx, q.User); err != nil {
			return Explanation{}, err
		}
		e.User = user.Name
		if user.Disabled {
			e.Note = fmt.Sprintf("%s is disabled, cannot sign in and counts as nobody", user.Name)
		}
	}
	facts := policy.Facts{Path: e.Path, Method: e.Method, Address: q.Address}
	e.Verdict = app.Policy.Decide(user, facts).Verdict.String()
	e.Lines = app.Policy.Explain(user, facts)
	return e, nil
}

func orSlash(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// appOf finds the app of a URL.
func (a *Admin) appOf(address string) (App, error) {
	var (
		all   handoff.Targets
		homes []string
	)
	for _, app := range a.Apps {
		all = append(all, app.Targets...)
		for _, target := range app.Targets {
			homes = append(homes, target.Home())
		}
	}
	target, _, err := all.Parse(address)
	if err != nil {
		return App{}, fmt.Errorf("%w: %q: %w: apps are at %s", ErrBadQuestion, address, err, strings.Join(homes, ", "))
	}
	for _, app := range a.Apps {
		if app.Name == target.App {
			return app, nil
		}
	}
	return App{}, fmt.Errorf("%w: %q", ErrBadQuestion, address)
}
