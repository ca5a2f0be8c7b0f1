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
	// Path is what the rules are asked about, decoded: the path as the gate sees it.
	Path string `json:"path"`
	// Asked is the path of the URL, decoded, where the site rewrites it before the gate.
	Asked  string `json:"asked,omitempty"`
	Method string `json:"method"`
	// Verdict is "allow", "sign in" or "deny".
	Verdict string `json:"verdict"`
	// Lines are the rules, each with whether it fits and why, and at the end the
	// one that decides.
	Lines []policy.Line `json:"lines"`
	// Note says what else there is to know, for people to read. It may be empty.
	Note string `json:"note,omitempty"`
}

// Way is how a request comes to a gate.
type Way struct {
	// App names the app whose gate sees the request.
	App string
	// Path is the path that the gate sees, as it is escaped there.
	Path string
	// Obstacle says why the request seems to come to no gate; empty when it does. The
	// other fields are what was asked for then.
	Obstacle string
}

// Explain tells which rule decides about a request.
func (a *Admin) Explain(ctx context.Context, q Question) (Explanation, error) {
	e := Explanation{Method: "GET"}
	if q.Method != "" {
		e.Method = strings.ToUpper(q.Method)
	}
	q.Method = e.Method
	app, err := a.place(q, &e)
	if err != nil {
		return Explanation{}, err
	}
	var user *identity.User
	if q.User != "" {
		if user, err = a.Users.ByName(ctx, q.User); err != nil {
			return Explanation{}, err
		}
		e.User = user.Name
		if user.Disabled {
			e.note("%s is disabled, cannot sign in and counts as nobody", user.Name)
		}
	}
	facts := policy.Facts{Path: e.Path, Method: e.Method, Address: q.Address}
	decision := app.Policy.Decide(user, facts)
	e.Verdict = decision.Verdict.String()
	e.Lines = app.Policy.Explain(user, facts)
	if decision.Identify && app.CanTell != nil {
		e.tell(app.CanTell(user), decision.Public)
	}
	return e, nil
}

// tell takes in whether the app can be told who the user is.
func (e *Explanation) tell(err error, public bool) {
	switch {
	case err == nil:
	case public:
		e.note("the app cannot be told who %s is, so they count as nobody there: %v", e.User, err)
	default:
		e.Verdict = policy.Deny.String()
		e.note("the rules let %s in, and the app cannot be told who they are: %v", e.User, err)
	}
}

// place finds the app whose rules decide and the path that they are asked about.
func (a *Admin) place(q Question, e *Explanation) (App, error) {
	app, err := a.appOf(q.URL)
	if err != nil {
		return App{}, err
	}
	address, err := url.Parse(q.URL)
	if err != nil {
		return App{}, fmt.Errorf("%w: %q: %w", ErrBadQuestion, q.URL, err)
	}
	way := Way{App: app.Name, Path: orSlash(address.EscapedPath())}
	asked, err := policy.CheckPath(way.Path)
	if a.Way != nil && err == nil {
		way, err = a.Way(way, q)
	}
	if err != nil {
		return App{}, fmt.Errorf("%w: %q: %w", ErrBadQuestion, q.URL, err)
	}
	if e.Path, err = policy.CheckPath(way.Path); err != nil {
		return App{}, fmt.Errorf("%w: %q comes to the gate as %q: %w", ErrBadQuestion, q.URL, way.Path, err)
	}
	if e.Path != asked {
		e.Asked = asked
		e.note("the site rewrites %s before the gate, which judges %s", asked, e.Path)
	}
	if way.Obstacle != "" {
		e.note("as far as can be seen such a request comes to no gate: %s", way.Obstacle)
	}
	e.App = way.App
	return a.app(way.App)
}

// note adds a sentence to what else there is to know.
func (e *Explanation) note(format string, words ...any) {
	if e.Note != "" {
		e.Note += "; "
	}
	e.Note += fmt.Sprintf(format, words...)
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
	return a.app(target.App)
}

// app finds an app by its name.
func (a *Admin) app(name string) (App, error) {
	for _, app := range a.Apps {
		if app.Name == name {
			return app, nil
		}
	}
	return App{}, fmt.Errorf("%w: there is no app %q", ErrBadQuestion, name)
}
