// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// headers looks for names that an app, or a server in front of it, takes for one
// another, and for what a proxy behind the gate does to them.
func headers(app App) []Finding {
	const check = "headers"
	var findings []Finding
	for _, name := range app.Headers {
		for _, own := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Via"} {
			if fold(name) == fold(own) {
				findings = append(findings, fail(check, app.Name, fmt.Sprintf("the header %s is one that reverse_proxy sets itself", name), "choose another name"))
			}
		}
		if strings.Contains(name, "_") {
			findings = append(findings, warn(check, app.Name, fmt.Sprintf("the header %s has an underscore, and many servers drop such headers", name),
				"write "+strings.ReplaceAll(name, "_", "-")+", which PHP and CGI programs see under the same name"))
		}
		for _, u := range app.Upstreams {
			findings = append(findings, onTheWay(app, name, u)...)
		}
	}
	if len(findings) > 0 || len(app.Headers) == 0 {
		return findings
	}
	return []Finding{ok(check, app.Name, "no name can be taken for another")}
}

// onTheWay says what the proxy of an upstream does to one of our headers.
func onTheWay(app App, name string, u Upstream) []Finding {
	const check = "headers"
	var findings []Finding
	same := func(other string) bool { return fold(other) == fold(name) }
	for _, other := range u.Sets {
		switch {
		case strings.EqualFold(other, name):
			findings = append(findings, warn(check, app.Name, fmt.Sprintf("the proxy to %s writes %s itself, in place of what the gate has written", u.Address, name), "take its header_up away"))
		case same(other):
			findings = append(findings, fail(check, app.Name, fmt.Sprintf("the proxy to %s sends %s, which apps take for %s", u.Address, other, name), "take its header_up, or its env, away, or rename one"))
		}
	}
	if i := slices.IndexFunc(u.Adds, same); i >= 0 {
		findings = append(findings, fail(check, app.Name, fmt.Sprintf("the proxy to %s adds another %s beside %s", u.Address, u.Adds[i], name), "take its header_up away"))
	}
	if i := slices.IndexFunc(u.Deletes, func(pattern string) bool { return deletes(pattern, name) }); i >= 0 {
		findings = append(findings, fail(check, app.Name, fmt.Sprintf("the proxy to %s deletes %s, so the app never gets it", u.Address, name), "take header_up -"+u.Deletes[i]+" away"))
	}
	return findings
}

// deletes reports whether a pattern of Caddy's header deletion covers a name: `*` at
// either end stands for anything.
func deletes(pattern, name string) bool {
	pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	begins, ends := strings.HasSuffix(pattern, "*"), strings.HasPrefix(pattern, "*")
	core := strings.Trim(pattern, "*")
	switch {
	case begins && ends:
		return strings.Contains(name, core)
	case begins:
		return strings.HasPrefix(name, core)
	case ends:
		return strings.HasSuffix(name, core)
	}
	return pattern == name
}

// fold returns a header's name as the most generous app reads it: CGI and PHP turn
// everything that is neither letter nor digit into one sign.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}
