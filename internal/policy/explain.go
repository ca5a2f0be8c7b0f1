// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package policy

import "github.com/gatehouse-sso/gatehouse/identity"

// Line is one step of an explanation.
type Line struct {
	// Text is the rule in the words of the Caddyfile, or the default's own words.
	Text string `json:"text"`
	// Source says where the rule was written, or is empty.
	Source string `json:"source,omitempty"`
	// Fits says that the rule is about this person and this request.
	Fits bool `json:"fits"`
	// Why says why it fits or does not.
	Why string `json:"why"`
	// Decides marks the last line, which repeats the rule or default that decided.
	Decides bool `json:"decides,omitempty"`
}

// Explain tells how [Policy.Decide] comes to its decision: a line for each path
// that is public or whose callers the app checks, one for every rule, and at the end
// the one that decides.
func (p *Policy) Explain(u *identity.User, f Facts) []Line {
	d := p.Decide(u, f)
	q := p.question(u, f)
	var lines []Line
	for _, path := range p.ownAuth {
		lines = append(lines, pathLine("own_auth", path, f.Path, reasonOwnAuth))
	}
	for _, path := range p.public {
		lines = append(lines, pathLine("public", path, f.Path, reasonPublic))
	}
	for i := range p.rules {
		r := &p.rules[i]
		m := r.misses(&q)
		lines = append(lines, Line{Text: r.String(), Source: r.Source, Fits: m == fits, Why: m.String()})
	}
	return append(lines, d.line())
}

// pathLine is the line for a path of an option that is no rule.
func pathLine(option string, p pattern, path, reason string) Line {
	l := Line{Text: option + " " + p.String(), Why: missPath.String()}
	if p.covers(path) {
		l.Fits, l.Why = true, reason
	}
	return l
}

// line returns the last line of an explanation.
func (d *Decision) line() Line {
	l := Line{Text: d.Verdict.String(), Fits: true, Why: d.Reason, Decides: true}
	if d.Rule != nil {
		l.Source = d.Rule.Source
	}
	if d.Verdict == Allow && !d.Identify {
		l.Text += " without identity"
	}
	return l
}
