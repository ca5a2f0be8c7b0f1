// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

func init() { caddy.RegisterModule(new(App)) }

// App is what all gates and the portal have in common: where people sign in, how
// long a session lives, where everything is kept. In a Caddyfile it is the global
// option `gatehouse`.
//
// Gates are handlers in front of apps (`http.handlers.gatehouse`); the portal is a
// handler on a host of its own (`http.handlers.gatehouse_portal`).
type App struct {
	// The public URL of the portal, scheme and host, such as
	// `https://login.example.com`. It is the issuer of every assertion. No app may
	// live on its host. Required where there is a gate or a portal.
	Portal string `json:"portal,omitempty"`

	// Where users, sessions and keys are kept. Default: a bbolt file,
	// `gatehouse/gatehouse.db` below Caddy's data directory.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=gatehouse.stores inline_key=module"`

	// How long a session lives.
	Session Session `json:"session,omitzero"`

	// How long signing keys live.
	Keys Keys `json:"keys,omitzero"`

	// Listeners of the token service, which keeps tokens for other programs. Default:
	// none.
	TokenServices []*TokenService `json:"token_services,omitempty"`

	// Whether plain http is allowed on hosts other than localhost. Whoever can
	// listen on the way then takes over sessions, so it is for closed networks
	// only. TLS that ends in front of Caddy is something else: give the gate and
	// the portal their https URLs. Default: false.
	InsecureHTTP bool `json:"insecure_http,omitempty"`

	// Where these settings are written, such as `Caddyfile:2`. Errors name it; nothing
	// else comes of it. The Caddyfile adapter fills it in.
	Source string `json:"source,omitempty"`

	ctx    caddy.Context
	logger *zap.Logger
	opener StoreOpener
	gates  []*Gate
	doors  []*Portal

	requests *requestIDs

	// Requests may come before Start, since Caddy starts apps in any order: whoever
	// comes first makes the app ready, under mu, and stores the outcome. What is
	// below it is written before that, and only read afterwards.
	mu       sync.Mutex
	outcome  atomic.Pointer[outcome]
	town     *town
	tenancy  tenancy
	portal   *portal.Portal
	operator *operator

	tokenStays []tokenStay
}

// outcome is what came of making the app ready.
type outcome struct{ err error }

// Session says how long a session lives. The earlier limit ends it.
type Session struct {
	// A session ends after this long without a request, 1 second to 90 days. Longer than
	// the lifetime it ends nothing, which the log says. Default: 1h, or the lifetime when
	// that is shorter.
	Idle caddy.Duration `json:"idle,omitempty"`

	// A session ends this long after its login, whatever happens, 1 second to
	// 1 year. Default: 12h.
	Lifetime caddy.Duration `json:"lifetime,omitempty"`

	// Offers people a box on the sign-in page, to stay signed in at this browser for
	// so long, also when it is closed: a session of theirs then has this lifetime
	// and no idle limit. Longer than the lifetime, up to 1 year. Default: no box.
	// Taking it away makes such sessions ordinary ones at once.
	Remember caddy.Duration `json:"remember,omitempty"`

	// How many sessions one person may have. Default: any number.
	PerUser PerUser `json:"per_user,omitzero"`
}

// PerUser bounds how many sessions one person may have at once. It counts when
// somebody signs in; lowering it ends no session by itself.
type PerUser struct {
	// How many, 1 to 1000.
	Most int `json:"most,omitempty"`

	// What happens to a sign-in beyond it: `end_oldest` ends the oldest session,
	// `refuse` refuses the sign-in. Sessions that an app has begun make room in either
	// case, and a sign-in by an app ends none. Default: `end_oldest`.
	Beyond string `json:"beyond,omitempty"`
}

// Keys says how long signing keys live.
type Keys struct {
	// How long a key signs before the next one takes over, 2 to 365 days. The next
	// key is in the JWKS at least a day before it signs, and the old one until its
	// last assertion is dead. Default: 30d.
	Rotate caddy.Duration `json:"rotate,omitempty"`
}

const day = 24 * time.Hour

func idleBounds() bounds     { return bounds{time.Second, 90 * day} }
func lifetimeBounds() bounds { return bounds{time.Second, 365 * day} }
func rotateBounds() bounds   { return bounds{2 * day, 365 * day} }

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse", New: func() caddy.Module { return new(App) }}
}

// Provision fills in defaults and loads the store's module. It opens nothing:
// `caddy validate` must not compete with a running Caddy for the file.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.logger, a.requests = ctx, ctx.Logger(), newRequestIDs()
	a.Session = a.Session.resolve()
	if a.Session.Idle > a.Session.Lifetime {
		a.logger.Warn("the session's idle limit ends nothing, since it is longer than the lifetime",
			zap.Duration("idle", time.Duration(a.Session.Idle)), zap.Duration("lifetime", time.Duration(a.Session.Lifetime)))
	}
	if a.Keys.Rotate == 0 {
		a.Keys.Rotate = caddy.Duration(30 * day)
	}
	var err error
	if a.Portal, err = expand(a.Portal); err != nil {
		return a.wrap(fmt.Errorf("portal: %w", err))
	}
	if err := a.provisionTokens(); err != nil {
		return err
	}
	return a.loadStore()
}

func (a *App) loadStore() error {
	if a.StoreRaw == nil {
		a.StoreRaw = json.RawMessage(`{"module":"bbolt"}`)
	}
	module, err := a.ctx.LoadModule(a, "StoreRaw")
	if err != nil {
		return fmt.Errorf("gatehouse: store: %w", err)
	}
	opener, ok := module.(StoreOpener)
	if !ok {
		return fmt.Errorf("gatehouse: the module %q is not a store", module.(caddy.Module).CaddyModule().ID)
	}
	a.opener = opener
	return nil
}

// expand replaces the placeholders of a setting; one without a value is an error.
func expand(text string) (string, error) {
	value, err := caddy.NewReplacer().ReplaceOrErr(text, true, true)
	if err != nil {
		return "", fmt.Errorf("%w: set what it names before Caddy starts, or write the value itself", err)
	}
	return value, nil
}

// expandAll is expand for all words of an option, where they stand.
func expandAll(option string, words []string) (err error) {
	for i, word := range words {
		if words[i], err = expand(word); err != nil {
			return fmt.Errorf("%s: %w", option, err)
		}
	}
	return nil
}

// Validate checks each setting by itself. What shows only across sites is checked
// in Start.
func (a *App) Validate() error {
	for _, limit := range []struct {
		name   string
		value  caddy.Duration
		bounds bounds
	}{
		{"session idle", a.Session.Idle, idleBounds()},
		{"session lifetime", a.Session.Lifetime, lifetimeBounds()},
		{"keys rotate", a.Keys.Rotate, rotateBounds()},
	} {
		if err := limit.bounds.check(limit.value); err != nil {
			return a.wrap(fmt.Errorf("%s: %w", limit.name, err))
		}
	}
	if err := a.Session.validate(); err != nil {
		return a.wrap(fmt.Errorf("session %w", err))
	}
	if err := a.validateTokens(); err != nil {
		return err
	}
	if a.Portal == "" {
		return nil // whether one is needed shows in Start
	}
	_, err := a.portalAddress()
	return err
}

// portalAddress returns where the portal lives.
func (a *App) portalAddress() (address, error) {
	if a.Portal == "" {
		return address{}, a.wrap(fmt.Errorf("there is no portal%s: write portal https://login.example.com into the global option gatehouse, and gatehouse_portal into the site of that host", a.wanted()))
	}
	portal, err := parsePortal(a.Portal)
	if err != nil {
		return address{}, a.wrap(fmt.Errorf("portal: %w", err))
	}
	return portal, nil
}

// wanted says what needs a portal, if that is known.
func (a *App) wanted() string {
	if len(a.gates) == 0 {
		return ""
	}
	return " for " + a.gates[0].title()
}

// wrap says where the settings are written that an error is about.
func (a *App) wrap(err error) error { return fmt.Errorf("gatehouse%s: %w", written(a.Source), err) }

// Start finds out where each app lives, opens the store, and serves tokens. Whatever
// shows only now, across sites and in the world, is refused here, so that a reload
// keeps the configuration that runs.
func (a *App) Start() error {
	if err := a.ready(); err != nil {
		return err
	}
	return a.serveTokens()
}

// Stop does nothing: requests of this configuration may still be on their way, and
// the next configuration may start before or after. See Cleanup.
func (a *App) Stop() error { return nil }

// Cleanup gives back what was opened. It also runs after a Provision, Validate or
// Start that failed.
func (a *App) Cleanup() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outcome.CompareAndSwap(nil, &outcome{errors.New("gatehouse: this configuration has ended")})
	// No call may use the store that is given back next.
	return errors.Join(a.leaveTokens(), a.tenancy.end())
}

// ready makes the app ready, once.
func (a *App) ready() error {
	if o := a.outcome.Load(); o != nil {
		return o.err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.outcome.Load() == nil {
		a.outcome.Store(&outcome{a.settle()})
	}
	return a.outcome.Load().err
}

// refuse answers a request to a gateway that is not ready. It hands no error on: a
// site may handle errors by a handler of its own, and the request is not cleaned yet.
func (a *App) refuse(w http.ResponseWriter, err error) {
	a.logger.Error("not ready", zap.Error(err))
	pages.Plain(w, http.StatusServiceUnavailable, "")
}

func (a *App) settle() (err error) {
	if a.town, err = a.locate(); err != nil {
		return err
	}
	if err := a.tenancy.begin(a.ctx, a.opener); err != nil {
		return err
	}
	return a.furnish()
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.Validator    = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
