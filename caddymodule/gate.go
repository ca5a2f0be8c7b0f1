// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

func init() { caddy.RegisterModule(new(Gate)) }

// Gate stands in front of one app. It lets a request through when somebody is
// signed in and allowed, and tells the app who it is: in headers, in a signed
// assertion, and in the placeholders `{http.auth.user.*}`. Everybody else goes to
// the portal, or is refused. Whatever identity headers a client sends itself never
// arrive at the app.
//
// A gate belongs before the handler that answers for the app (`reverse_proxy`,
// `php_fastcgi`) and sees all requests for it: the path `/.gatehouse/` below each
// URL of the app must lead to it. In a Caddyfile it is the directive `gatehouse`,
// which takes no matcher; put it into a `handle` block where it concerns only a
// part of a site.
//
// The same gate (same name, same settings) may be written in several sites, for
// example for http and https; it is then one app.
type Gate struct {
	// The name of the app. It is the audience (`aud`) of its assertions. Default:
	// the first label of the host that the app lives on, `wiki` for
	// `wiki.example.com`.
	Name string `json:"name,omitempty"`

	// The public URLs of the app: scheme, host, and a path when the app shares its
	// host with others. Default: the hosts of the site. Required where those say
	// nothing: in a site for a wildcard or for any host, where TLS ends at a load
	// balancer in front of Caddy, and for an app below a path.
	URLs []string `json:"urls,omitempty"`

	// Who may do what, and the paths for which nobody needs to sign in: those that anybody
	// may see (`public`), and those whose callers the app checks itself (`own_auth`), with
	// an account or a token of its own. There, the client's `Authorization` arrives, and
	// nobody has an identity, whoever is signed in.
	// A rule that denies wins; among those that allow, one is enough; without any,
	// everybody who is signed in may pass.
	policy.Rules

	// The names of the headers that the app receives.
	Headers Headers `json:"headers,omitzero"`

	// Further headers that no client may send, for an app that reads more than the gate
	// sets: a role, for example. They never arrive, in whatever spelling. Default: none;
	// the names in which other gateways speak never arrive anyway.
	Strip []string `json:"strip,omitempty"`

	// What stands between the groups in their header: `,`, `|` or `;`. Default: `,`.
	GroupSeparator string `json:"group_separator,omitempty"`

	// By which name the app knows people: `name`, with which they sign in; `lower`, the
	// same without upper-case letters; `email`; or `attr:KEY`, an attribute of the user.
	// It is in the header, in the assertion (`preferred_username`) and in the
	// placeholders. Somebody who has none is refused. Rules and the audit log go by the
	// name with which people sign in, and `sub` stays. Default: `name`.
	UserAs string `json:"user_as,omitempty"`

	// Which groups the app is told of, in header and assertion: names in which `*`
	// stands for any text, or `off` for none. Rules decide on all groups. Default: all.
	SendGroups []string `json:"send_groups,omitempty"`

	// How names, e-mail addresses and groups are written in headers, for apps that do
	// not read UTF-8: `mime` makes encoded words (RFC 2047), `percent` escapes as in a
	// URL. Default: empty, UTF-8.
	Encode string `json:"encode,omitempty"`

	// How the assertion is made.
	Assertion Assertion `json:"assertion,omitzero"`

	// Accounts of an app that wants a name and a password (Basic). The app gets the first
	// one that is for a group of whoever is signed in; somebody for whom there is none is
	// refused, and requests of nobody carry none. Default: none.
	BasicAuth []BasicAuth `json:"basic_auth,omitempty"`

	// The key of an app made with PHPRunner ("session keys"), and the one that it
	// replaces. With it, the app is told who is there in the way that it knows: a token,
	// signed with the first key and good for 30 s, in the cookie `token` of each GET on
	// its way to the app. Browsers never see it: the app's own cookies `token` and
	// `2ftoken` are dropped, and so is a token in a query. Keep keys out of the
	// configuration with placeholders. Default: none.
	PHPRunnerKeys []string `json:"phprunner_keys,omitempty"`

	// Lets the app sign people in at the gateway, by tokens that it signs with
	// `phprunner_key`. Default: it may not.
	AcceptTokens *AcceptTokens `json:"accept_tokens,omitempty"`

	// Whether the client's `Authorization` header reaches the app. Several apps
	// believe the name in it before any other, so it is for apps that check its
	// password or token themselves. Default: false.
	KeepAuthorization bool `json:"keep_authorization,omitempty"`

	// Whether the app may set cookies for other hosts (`Domain`). Otherwise its
	// cookies are made cookies of its own host. Default: false.
	AllowCookieDomain bool `json:"allow_cookie_domain,omitempty"`

	// Whether the app's `Clear-Site-Data` header reaches browsers; it can sign
	// people out. Default: false.
	AllowClearSiteData bool `json:"allow_clear_site_data,omitempty"`

	// `strict` refuses requests that change something (any method but GET, HEAD and
	// OPTIONS) when a page of another origin sends them, for apps that do not check
	// this themselves. Default: empty, the app decides.
	CSRF string `json:"csrf,omitempty"`

	// Names of other apps whose hosts this app's pages call. Who lands at this app is
	// signed in there as well, before the page is shown, if they may open them: pages that
	// fetch from a host where nobody is signed in get an error instead of a sign-in. Their
	// hosts are three at most. Default: none.
	Companions []string `json:"companions,omitempty"`

	// Origins whose pages may show the app in a frame. Its cookies, and ours, are then sent
	// from such frames, kept apart for each site; its answers say that these pages may show it
	// and no others; and requests that change something are refused when a page of any other
	// origin sends them. https only. Apps that share a host need the same. Default: none;
	// what the app says about frames stands.
	EmbedIn []string `json:"embed_in,omitempty"`

	// `pass` lets CORS preflights through to the app: the OPTIONS by which a browser asks
	// whether a page of another origin may send what it wants to. They come from nobody.
	// Otherwise they are answered as any request without a session. Default: empty.
	Preflight string `json:"preflight,omitempty"`

	// Paths whose requests do not count as a use of the session, so that what pages
	// ask for by themselves, over and over, keeps nobody signed in: exact or
	// `/prefix/*`. Default: none.
	Passive []string `json:"passive,omitempty"`

	// `active` says that a session is in use as long as one of the app's streams is
	// open: a WebSocket, an event stream. Otherwise an open stream is no use, so that
	// a forgotten tab keeps nobody signed in. Default: empty.
	Streams string `json:"streams,omitempty"`

	// `shared` leaves the app's cookies to everybody who uses a browser. Otherwise they
	// belong to the person: the app never sees those of somebody else, nor any from
	// before a sign-out. Apps that share a host, or cookies with a `Domain`, need the
	// same setting. Default: empty.
	Cookies string `json:"cookies,omitempty"`

	// The addresses by which people sign out of the app, `PATH[?QUERY]`: where its own
	// logout button leads. The app sees the request first; when it answers, the whole
	// session ends, and a person is led to the portal's page that says so. The path is
	// exact, or `/prefix/*`, or `*` for any; each pair of the query must be in the
	// request's query. What a page of another site sends without a person having
	// followed a link ends nothing. Default: none.
	LogoutOn []string `json:"logout_on,omitempty"`

	// `off` throws away a form that is sent after its session has ended by time.
	// Otherwise it is kept, sealed and for an hour at most, until the same person has
	// signed in again at the same browser and says that it is to be sent. Default: `on`.
	KeepPosts string `json:"keep_posts,omitempty"`

	// `on` lets scripts in by access tokens (`Authorization: Bearer`, or Basic with the
	// token as the password), which people make on the portal's page of their account, for
	// the apps that they choose. A request by token is the token's owner's, under the same
	// rules. Default: `off`.
	Tokens string `json:"tokens,omitempty"`

	// Where the app is told that a session has ended, so that it ends its own: it
	// gets a logout token of OpenID Connect Back-Channel Logout 1.0 by POST. The call
	// comes from Gatehouse and carries no session, so give an address that does not
	// lead through this gate, best on loopback, or make the path `public`. https; or
	// http on loopback, and elsewhere with `insecure_http`. Default: empty, the app
	// is not told.
	BackchannelLogout string `json:"backchannel_logout,omitempty"`

	// Where the gate is written, such as `Caddyfile:12`. Errors name it; nothing else
	// comes of it. The Caddyfile adapter fills it in.
	Source string `json:"source,omitempty"`

	app  *App
	walk *walk // made when the app is made ready
}

// options are the options of a gate in a Caddyfile.
func (g *Gate) options() table {
	t := table{
		"url":                   list(&g.URLs, "URL…", checkAddress),
		"allow":                 ruleOption(&g.Rules.Rules, false),
		"deny":                  ruleOption(&g.Rules.Rules, true),
		"public":                list(&g.Public, "PATH…", checkPaths),
		"own_auth":              list(&g.OwnAuth, "PATH…", checkPaths),
		"companions":            list(&g.Companions, "NAME…", checkAppName),
		"embed_in":              list(&g.EmbedIn, "ORIGIN…", checkEmbedder),
		"header":                headerOption(&g.Headers),
		"user_as":               text(&g.UserAs, "name|lower|email|attr:KEY", checkUserAs),
		"send_groups":           groupsOption(&g.SendGroups),
		"assertion_algorithm":   choice(&g.Assertion.Algorithm, algorithms()...),
		"assertion_secret":      secret(&g.Assertion.Secret),
		"assertion_lifetime":    duration(&g.Assertion.Lifetime, assertionBounds()),
		"basic_auth":            basicAuthOption(&g.BasicAuth),
		"phprunner_key":         phpRunnerOption(&g.PHPRunnerKeys),
		"accept_tokens":         acceptTokensOption(&g.AcceptTokens),
		"keep_authorization":    flag(&g.KeepAuthorization),
		"allow_cookie_domain":   flag(&g.AllowCookieDomain),
		"allow_clear_site_data": flag(&g.AllowClearSiteData),
		"passive":               orOff(&g.Passive, list(&g.Passive, "PATH…", checkPaths)),
		"logout_on":             orOff(&g.LogoutOn, list(&g.LogoutOn, "PATH[?QUERY]…", checkLogoutOn)),
		"strip":                 orOff(&g.Strip, list(&g.Strip, "HEADER…", checkHeader)),
		"backchannel_logout":    text(&g.BackchannelLogout, "URL", checkBackchannel),
	}
	for _, o := range g.words() {
		t[o.name] = choice(o.word, o.of...)
	}
	return t
}

// CaddyModule returns the Caddy module information.
func (*Gate) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.gatehouse", New: func() caddy.Module { return new(Gate) }}
}

// Provision fills in defaults and makes the gate known to the app.
func (g *Gate) Provision(ctx caddy.Context) error {
	app, err := ctx.App("gatehouse")
	if err != nil {
		return err
	}
	g.app = app.(*App)
	g.app.gates = append(g.app.gates, g)
	if err := cmp.Or(expandAll("url", g.URLs), expandAll("embed_in", g.EmbedIn)); err != nil {
		return g.wrap(err)
	}
	if g.BackchannelLogout, err = expand(g.BackchannelLogout); err != nil {
		return g.wrap(fmt.Errorf("backchannel_logout: %w", err))
	}
	if g.KeepPosts == "on" {
		g.KeepPosts = ""
	}
	if g.Tokens == "off" {
		g.Tokens = ""
	}
	if g.GroupSeparator == "" {
		g.GroupSeparator = ","
	}
	if g.Assertion, err = g.Assertion.resolve(); err != nil {
		return g.wrap(err)
	}
	if err := cmp.Or(g.resolvePHPRunner(ctx), g.resolveBasicAuth()); err != nil {
		return g.wrap(err)
	}
	return nil
}

// Validate checks each setting by itself.
func (g *Gate) Validate() error {
	if err := checkAppName(g.Name); g.Name != "" && err != nil {
		return err
	}
	if err := g.check(); err != nil {
		return g.wrap(err)
	}
	return nil
}

// check is Validate but for the name, without which no error could say whose it is.
func (g *Gate) check() error {
	for _, o := range []struct {
		name  string
		words []string
		check func(string) error
	}{
		{"url", g.URLs, parses(parseAddress)},
		{"companions", g.Companions, checkAppName},
		{"strip", g.Strip, checkHeader},
	} {
		for _, word := range o.words {
			if err := o.check(word); err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
		}
	}
	if g.BackchannelLogout != "" {
		if _, err := parseBackchannel(g.BackchannelLogout); err != nil {
			return fmt.Errorf("backchannel_logout: %w", err)
		}
	}
	_, err := g.compile()
	return cmp.Or(err, g.checkWords(), g.checkAcceptTokens(), g.Headers.validate(), g.Assertion.validate())
}

// sameSettings reports whether two gates differ in nothing but where they were
// written, and who gave them their name.
func (g *Gate) sameSettings(other *Gate) (bool, error) {
	a, err := g.settings()
	if err != nil {
		return false, err
	}
	b, err := other.settings()
	return bytes.Equal(a, b), err
}

func (g *Gate) settings() ([]byte, error) {
	plain := *g
	plain.Name, plain.Source = "", ""
	plain.Rules.Rules = slices.Clone(g.Rules.Rules)
	for i := range plain.Rules.Rules {
		plain.Rules.Rules[i].Source = ""
	}
	return json.Marshal(&plain)
}

// wrap says which app an error is about.
func (g *Gate) wrap(err error) error { return fmt.Errorf("gatehouse: %s: %w", g.title(), err) }

// title names the gate in an error.
func (g *Gate) title() string {
	switch {
	case g.Name != "":
		return fmt.Sprintf("app %q%s", g.Name, written(g.Source))
	case len(g.URLs) > 0:
		return fmt.Sprintf("the app at %q%s", g.URLs[0], written(g.Source))
	}
	return "an app without a name" + written(g.Source)
}

// ServeHTTP takes a request through the gate, and on to the app when it may pass.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if err := g.app.ready(); err != nil {
		g.app.refuse(w, err)
		return nil
	}
	return g.walk.serve(w, r, next)
}

var (
	_ caddy.Provisioner           = (*Gate)(nil)
	_ caddy.Validator             = (*Gate)(nil)
	_ caddyhttp.MiddlewareHandler = (*Gate)(nil)
)
