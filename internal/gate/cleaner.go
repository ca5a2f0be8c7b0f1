// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"slices"
	"strings"
)

// reservedPrefix begins the names that are ours whether or not they are in use yet.
const reservedPrefix = "x-gatehouse-"

// Cleaner takes out of a request what a client may not say. It may be used from
// many goroutines.
type Cleaner struct {
	names     nameSet   // do not arrive at the app
	families  *families // nor does what begins like this
	spelled   []string  // those among the names that do, in this one spelling
	protected nameSet   // may not be named in Connection either
	identity  nameSet   // do not come back from the app
}

// NewCleaner returns a Cleaner for an app that learns identities under these names.
// It also removes the default names and those that other gateways use, since many
// apps accept several; the names in which clients rewrite an address after the
// policy has looked at it; `Proxy`, which CGI turns into HTTP_PROXY; unless
// keepAuthorization, `Authorization`, which several apps believe before anything
// else; and what only a load balancer may say about a request, such as Forwarded.
// X-Forwarded-For, -Host and -Proto stay in this one spelling, since the proxy behind
// the gate knows which peers to trust with them. Nothing of ours reads any of these.
func NewCleaner(names []string, keepAuthorization bool) *Cleaner {
	c := newCleaner(slices.Concat(names, onlyFromProxies()), keepAuthorization)
	c.families = newFamilies(slices.Concat(familiesNeverFromClients(), familiesOnlyFromProxies()))
	c.identity = newNameSet(slices.Concat(names, ours()))
	return c
}

// NewProxyCleaner is NewCleaner for requests whose peer is a trusted proxy: what such
// a proxy says about a request arrives.
func NewProxyCleaner(names []string, keepAuthorization bool) *Cleaner {
	return newCleaner(names, keepAuthorization)
}

func newCleaner(names []string, keepAuthorization bool) *Cleaner {
	names = slices.Concat(names, neverFromClients())
	if !keepAuthorization {
		names = append(names, "Authorization")
	}
	c := &Cleaner{
		names:     newNameSet(names),
		families:  newFamilies(familiesNeverFromClients()),
		protected: newNameSet([]string{"Authorization", "Cookie"}),
	}
	for _, name := range proxysOwn() {
		if !c.names.has(name) { // an app may learn identities under any name
			c.names.add(name)
			c.spelled = append(c.spelled, name)
		}
	}
	return c
}

// Clean removes from a request's header every name that the client may not use,
// in whatever spelling, takes what the gate sets out of Connection, where a
// client could have the proxy delete it (Oathkeeper GHSA-w9mr-28mw-j8hg), and lets it
// ask for no other protocol than WebSocket.
func (c *Cleaner) Clean(h http.Header) {
	c.remove(h)
	cleanUpgrade(h)
	if lines := h["Connection"]; lines != nil {
		c.cleanConnection(h, lines)
	}
}

func (c *Cleaner) remove(h http.Header) {
	for name := range h {
		if c.refuses(name) {
			delete(h, name)
		}
	}
}

// CleanAnswer removes from the header of an app's answer the names under which the app
// itself learns who somebody is. No browser has a use for them; a proxy in front that asks
// us who a request comes from would believe the app, and an assertion that is sent back
// would be in the hands of every script of the page.
func (c *Cleaner) CleanAnswer(h http.Header) {
	for name := range h {
		if plain := strings.TrimPrefix(name, http.TrailerPrefix); c.identity.has(plain) || isReserved(plain) {
			delete(h, name)
		}
	}
}

// refuses reports whether a client may not send the header.
func (c *Cleaner) refuses(name string) bool {
	if c.names.has(name) {
		return !slices.Contains(c.spelled, name)
	}
	return c.families.has(name)
}

func isReserved(name string) bool {
	return len(name) >= len(reservedPrefix) && foldsTo(name[:len(reservedPrefix)], reservedPrefix)
}

// cleanConnection takes our names out of the options of Connection (RFC 9110,
// section 7.6.1) and leaves all others, since Upgrade needs them.
func (c *Cleaner) cleanConnection(h http.Header, lines []string) {
	if !slices.ContainsFunc(lines, c.namesOurs) {
		return
	}
	var kept []string
	for _, line := range lines {
		for option := range strings.SplitSeq(line, ",") {
			if option = trimOption(option); option != "" && !c.ours(option) {
				kept = append(kept, option)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Connection")
		return
	}
	h["Connection"] = []string{strings.Join(kept, ", ")}
}

func (c *Cleaner) namesOurs(line string) bool {
	for option := range strings.SplitSeq(line, ",") {
		if c.ours(trimOption(option)) {
			return true
		}
	}
	return false
}

func (c *Cleaner) ours(option string) bool {
	return option != "" && (c.refuses(option) || c.protected.has(option))
}

// trimOption removes all that some parser takes for white space.
func trimOption(option string) string { return strings.Trim(option, " \t\r\n\v\f") }
