// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// upstream goes around the gate, to where the app itself listens: is it there, who
// else can reach it, and what does it do with somebody who comes without the gate?
func (e *examination) upstream(ctx context.Context, app App, u Upstream) []Finding {
	subject := app.Name + " at " + u.Address
	if u.Unknown != "" {
		return []Finding{warn("around", app.Name, "was not tried around its gate: "+u.Unknown,
			"see yourself that nobody but Caddy reaches the app")}
	}
	if err := e.world.Listens(ctx, u.Network, u.Address); err != nil {
		return []Finding{fail("upstream", subject, fmt.Sprintf("does not answer: %v", err), "start the app, or correct the address behind its gate")}
	}
	findings := []Finding{ok("upstream", subject, "answers")}
	seen := sight{reach: e.reach(ctx, u)}
	if f, told := e.keysFrom(app, subject, seen.reach.elsewhere); told {
		findings = append(findings, f)
	}
	if u.FastCGI {
		return append(findings, seen.fastCGI(subject))
	}
	if seen.stranger, seen.err = e.call(ctx, u, nil); seen.err != nil {
		return append(findings, seen.mute(subject))
	}
	if e.options.ProbeIdentity && app.UserHeader+app.JWTHeader != "" {
		seen.forged, seen.err = e.call(ctx, u, e.forgery(app))
	}
	seen.nobody = e.nobody
	findings = append(findings, seen.around(app, subject))
	if f, told := seen.login(app, subject); told {
		findings = append(findings, f)
	}
	if f, told := seen.links(u, subject); told {
		findings = append(findings, f)
	}
	if f, told := e.dated(subject, seen.stranger.Answer); told && f.Status != OK {
		findings = append(findings, f)
	}
	return findings
}

// sight is what has been seen of an app around its gate.
type sight struct {
	reach reach
	// stranger is how it answers whoever names nobody, forged how it answers the same
	// under a name; nil where it was not asked, or did not answer, which err says.
	stranger, forged *call
	err              error
	nobody           string
}

// mute judges an app that takes connections and no GET. One that hangs is broken; one
// that speaks something else, such as HTTP/2 without TLS, need not be.
func (s sight) mute(subject string) Finding {
	const check = "around"
	if errors.Is(s.err, context.DeadlineExceeded) {
		return fail(check, subject, fmt.Sprintf("takes connections and never answers: %v", s.err), "see what the app is waiting for")
	}
	return warn(check, subject, fmt.Sprintf("%s; it was not tried further, since it does not speak HTTP/1.1: %v", s.reach.words(), s.err),
		"see yourself that nobody but Caddy reaches the app")
}

// fastCGI judges an app that believes every parameter, as FastCGI has it.
func (s sight) fastCGI(subject string) Finding {
	const check = "around"
	what := "whoever reaches it can run PHP there under any REMOTE_USER"
	remedy := "let it listen on a unix socket, or on loopback"
	switch s.reach.scope {
	case socket, machine:
		return ok(check, subject, s.reach.words()+"; "+what)
	case network:
		return warn(check, subject, s.reach.words()+"; "+what, remedy+", or let nobody else into its network")
	}
	return fail(check, subject, s.reach.words()+"; "+what, remedy)
}

// around judges whether the app can be used without its gate.
func (s sight) around(app App, subject string) Finding {
	const (
		check  = "around"
		remedy = "let it listen on loopback or a unix socket only, or let it believe nothing but a verified assertion (docs/verify.md)"
	)
	words := s.reach.words()
	switch believed, sure := s.believed(); {
	case sure && !believed:
		return ok(check, subject, words+"; it does not believe a forged "+names(app))
	case sure:
		words += "; it believes a forged " + names(app)
	case s.stranger.refuses():
		words += fmt.Sprintf("; it answers %d to whoever names nobody", s.stranger.Status)
	default:
		words += fmt.Sprintf("; it answers %d to whoever comes around the gate", s.stranger.Status)
	}
	if app.UserHeader != "" {
		words += "; whoever reaches it can send " + app.UserHeader + " with any name"
	}
	switch {
	case s.reach.scope == socket, s.reach.scope == machine:
		return ok(check, subject, words)
	case s.reach.scope == network, s.stranger.refuses() && s.forged == nil:
		return warn(check, subject, words, remedy)
	}
	return fail(check, subject, words, remedy)
}

// believed reports whether the app took the forged name, as far as that can be told:
// it refused, or asked to sign in, and does no longer; or its answer shows the name.
func (s sight) believed() (believed, sure bool) {
	switch {
	case s.forged == nil:
		return false, false
	case s.forged.refuses(), s.forged.login():
		return false, true
	case s.stranger.refuses(), s.stranger.login(), strings.Contains(string(s.forged.Body), s.nobody):
		return true, true
	}
	return false, false
}

// login judges whether people would meet a sign-in page of the app's own.
func (s sight) login(app App, subject string) (Finding, bool) {
	const check = "login"
	switch {
	case !s.stranger.login():
		return Finding{}, false
	case s.forged == nil:
		return warn(check, subject, "shows a sign-in page of its own to whoever comes without a name",
			"when people see it after they have signed in, let the app take the name from "+names(app)+"; --probe-identity finds out whether it does"), true
	case s.forged.login():
		return warn(check, subject, "shows a sign-in page of its own, also to somebody who is named in "+names(app),
			"let the app take the name from there, and make accounts by itself, or make them before"), true
	}
	return ok(check, subject, "its own sign-in page gives way to a name in "+names(app)), true
}

// links judges whether the app sends people to an address of its own instead of to where
// it lives.
func (s sight) links(u Upstream, subject string) (Finding, bool) {
	if !s.stranger.strays(u) {
		return Finding{}, false
	}
	// Without the query, which is the app's own affair and may be secret.
	to := url.URL{Scheme: s.stranger.away.Scheme, Host: s.stranger.away.Host, Path: s.stranger.away.Path}
	return fail("links", subject, "redirects people to "+to.String()+", around the gate", "set the app's own address to "+u.URL), true
}

// names says by what the app knows people.
func names(app App) string {
	switch {
	case app.UserHeader == "":
		return app.JWTHeader
	case app.JWTHeader == "":
		return app.UserHeader
	}
	return app.UserHeader + " or " + app.JWTHeader
}
