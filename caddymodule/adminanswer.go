// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

// about tells which gateway this is, so that a command that was given a
// configuration knows whether it is the one that runs.
type about struct {
	// Portal is the portal's URL, empty when there is none.
	Portal string `json:"portal"`
	// Store is the place of the store: for a file its absolute path.
	Store string `json:"store"`
}

func (o *operator) about(context.Context, url.Values) (about, error) {
	return about{Portal: o.origin, Store: o.place}, nil
}

func (o *operator) listUsers(ctx context.Context, _ url.Values) ([]admin.User, error) {
	return o.ListUsers(ctx)
}

func (o *operator) listSessions(ctx context.Context, query url.Values) ([]admin.Session, error) {
	return o.ListSessions(ctx, admin.SessionFilter{User: query.Get("user"), App: query.Get("app")}, time.Now())
}

func (o *operator) explain(ctx context.Context, query url.Values) (admin.Explanation, error) {
	q := admin.Question{User: query.Get("user"), URL: query.Get("url"), Method: query.Get("method")}
	if text := query.Get("address"); text != "" {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return admin.Explanation{}, fmt.Errorf("%w: %q is no IP address", admin.ErrBadQuestion, text)
		}
		q.Address = address
	}
	return o.Explain(ctx, q)
}

// nothing is the body of a change that needs no word: {}.
type nothing struct{}

// setupLink says where the link for the first account is. The link itself is worth
// the gateway and is in no answer.
type setupLink struct {
	File    string    `json:"file"`
	Expires time.Time `json:"expires"`
}

// errNoSetup means that this gateway cannot make a set-up link.
var errNoSetup = errors.New("no set-up link")

// offerSetup makes a fresh link for the first account and leaves it where only the
// operator can read it. The ones before are worth nothing then.
func (o *operator) offerSetup(ctx context.Context, _ nothing) (setupLink, error) {
	switch {
	case o.origin == "":
		return setupLink{}, fmt.Errorf("%w: it leads to the portal, and none is running: start Caddy, which makes a link by itself when nobody has an account", errNoSetup)
	case o.house.private == "":
		return setupLink{}, fmt.Errorf("%w: this store has no place for one: make the first account with `caddy gatehouse user add`", errNoSetup)
	}
	now := time.Now()
	link, err := o.setup().Link(ctx, o.origin, now)
	if errors.Is(err, portal.ErrSetupGone) {
		return setupLink{}, fmt.Errorf("%w: there are users already: `caddy gatehouse user add` makes another", errNoSetup)
	}
	if err != nil {
		return setupLink{}, err
	}
	if err := writePrivate(o.house.private, link+"\n"); err != nil {
		return setupLink{}, fmt.Errorf("set-up link: %w", err)
	}
	return setupLink{File: o.house.private, Expires: now.Add(portal.SetupLifetime).UTC().Truncate(time.Second)}, nil
}

// errNoRefusal means that nothing is known of a request.
var errNoRefusal = errors.New("no such refusal")

// refusal tells why a request was refused.
func (o *operator) refusal(_ context.Context, query url.Values) (audit.Refusal, error) {
	request := query.Get("request")
	if r, found := o.house.refusals.Find(request); found {
		return r, nil
	}
	return audit.Refusal{}, fmt.Errorf("%w: nothing is known of a request %q: the last %d that were refused are kept while Caddy runs, and none that was only asked to sign in; the audit lines have all, in the field request",
		errNoRefusal, request, audit.MaxRefusals)
}

// statusOf returns the HTTP status that says what kind of error it is.
func statusOf(err error) int {
	switch {
	case errors.Is(err, live.ErrEnding), errors.Is(err, identity.ErrBusy), errors.Is(err, identity.ErrUnavailable),
		errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrFull), errors.Is(err, store.ErrCorrupt):
		return http.StatusServiceUnavailable
	case errors.Is(err, identity.ErrUnknown), errors.Is(err, session.ErrNone), errors.Is(err, errNoRefusal), errors.Is(err, tokens.ErrNone):
		return http.StatusNotFound
	case errors.Is(err, local.ErrExists), errors.Is(err, local.ErrRemoved), errors.Is(err, errNoSetup), errors.Is(err, tokens.ErrQuota):
		return http.StatusConflict
	case errors.Is(err, local.ErrInvalid), errors.Is(err, admin.ErrBadQuestion), errors.Is(err, errBadToken),
		errors.As(err, new(tokenservice.Refusal)):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}
