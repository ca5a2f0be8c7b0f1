// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
)

// Options say what the doctor may do.
type Options struct {
	// ProbeIdentity lets it ask apps, around their gates, under the name of somebody who
	// cannot exist. An app that makes accounts by itself then makes one.
	ProbeIdentity bool
}

// Examine carries out all checks. Their order is that of a request: portal, apps, and
// at last what is behind all of them.
func Examine(ctx context.Context, w World, f Facts, o Options) []Finding {
	e := &examination{world: w, facts: f, options: o, nobody: "gatehouse-doctor-" + rand.Text()}
	checks := []func(context.Context) []Finding{}
	if f.Running {
		checks = append(checks, e.portal, e.jwks, e.certificates)
	} else {
		checks = append(checks, e.absent)
	}
	for _, app := range f.Apps {
		if f.Running {
			for _, place := range app.Places {
				checks = append(checks, func(ctx context.Context) []Finding { return e.gate(ctx, app, place) })
			}
		}
		for _, upstream := range app.Upstreams {
			checks = append(checks, func(ctx context.Context) []Finding { return e.upstream(ctx, app, upstream) })
		}
		checks = append(checks, pure(func() []Finding { return misses(app) }), pure(func() []Finding { return headers(app) }),
			pure(func() []Finding { return proxies(app) }))
	}
	checks = append(checks, pure(e.clock), pure(e.store), pure(e.keys))
	return atOnce(ctx, checks)
}

// examination is what every check needs.
type examination struct {
	world   World
	facts   Facts
	options Options
	// nobody is a name that nobody has and nobody can guess.
	nobody string
}

func pure(check func() []Finding) func(context.Context) []Finding {
	return func(context.Context) []Finding { return check() }
}

// atOnce carries out checks side by side, since each may wait for somebody who does
// not answer, and returns what they have found in the order of the checks.
func atOnce(ctx context.Context, checks []func(context.Context) []Finding) []Finding {
	found := make([][]Finding, len(checks))
	var work sync.WaitGroup
	for i, check := range checks {
		work.Go(func() { found[i] = check(ctx) })
	}
	work.Wait()
	all := []Finding{}
	for _, findings := range found {
		all = append(all, findings...)
	}
	return all
}

// absent says what is not looked at while nobody is there to answer.
func (e *examination) absent(context.Context) []Finding {
	return []Finding{warn("caddy", "", "no Caddy with Gatehouse answers at the admin endpoint, so portal, gates, certificates and cookies were not tried",
		"start it and ask again; if it runs without an admin endpoint, give it one (docs/commands.md)")}
}

// browsing returns the header of a browser that opens a page.
func browsing() http.Header {
	return http.Header{
		"Accept":         {"text/html,application/xhtml+xml,*/*;q=0.8"},
		"Sec-Fetch-Mode": {"navigate"},
		"Sec-Fetch-Dest": {"document"},
		"Sec-Fetch-Site": {"none"},
	}
}
