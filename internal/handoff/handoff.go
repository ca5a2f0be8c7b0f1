// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package handoff carries a login from the portal's host to the host of an app,
// which may be on a domain of its own, where no cookie of the portal is seen.
//
// The browser walks, with GET and 303 only:
//
//	app    any page             no session: sets a nonce, on to the portal
//	portal /login               signs in when nobody is; on to the app
//	app    /.gatehouse/begin    reads the nonce, tells the portal its hash
//	portal /handoff             makes a one-time code, bound to session, host and nonce
//	app    /.gatehouse/land     spends the code, sets the cookie, back to the page
//
// Before the last step a browser may pass through the hosts of companions of the app, each
// with a begin, a code and a landing of its own.
//
// A login address holds nothing but return_to, so that it may be kept, shared
// and opened in another browser. The package owns the codes, the addresses of the
// steps and the rule where a browser may be sent; the steps themselves belong to
// packages gate and portal.
package handoff

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Kind is the kind of hand-off codes in the store.
const Kind store.Kind = "handoff"

// Lifetime is how long a code may be on its way. It covers two redirects.
const Lifetime = time.Minute

// FrameLifetime is Lifetime for a code that a person takes to a frame.
const FrameLifetime = 5 * time.Minute

// mostCodes is how many codes of one session may be on their way. Whoever is signed in can
// ask for any number, and would fill the store with them.
const mostCodes = 1000

// Errors of Redeem.
var (
	// ErrSpent means that there is no such code: it was spent, it ran out, or it
	// was never made.
	ErrSpent = errors.New("hand-off code is spent or unknown")
	// ErrForeign means that the code was made for another browser or another
	// host. It is spent now.
	ErrForeign = errors.New("hand-off code belongs to another browser or host")
)

// Codes makes and redeems hand-off codes.
type Codes struct {
	Store    store.Store
	Sessions *session.Keeper
}

// Offer is what a code stands for.
type Offer struct {
	// Session is the login that is carried over.
	Session store.ID `json:"session"`
	// Origin is where to, for example "https://wiki.example.com".
	Origin string `json:"origin"`
	// Challenge binds the code to the browser that will redeem it.
	Challenge string `json:"challenge"`
	// ReturnTo is the page that the person was going to, below Origin. Where the browser
	// only passes through, it is where it goes next.
	ReturnTo string `json:"return_to"`
	// Onward is where the browser goes first once it is signed in, if not to ReturnTo.
	Onward string `json:"onward,omitempty"`
	// Passing says that the browser passes through on its way to a page of another app,
	// and goes on whether or not it is signed in here.
	Passing bool `json:"passing,omitempty"`
	// Framed says that the code is for a frame at Origin, which keeps a token of its own.
	Framed bool `json:"framed,omitempty"`
}

// audience is what the token is for that the code gives.
func (o *Offer) audience() string {
	if o.Framed {
		return session.InFrame(o.Origin)
	}
	return o.Origin
}

// lifetime is how long the code lives. One for a frame waits for a click.
func (o *Offer) lifetime() time.Duration {
	if o.Framed {
		return FrameLifetime
	}
	return Lifetime
}

// Landing is what a redeemed code gives.
type Landing struct {
	session.Grant
	// Kept says that the browser holds a good token of the same session already
	// and keeps it; there is no new one in Grant.
	Kept bool
	// ReturnTo is where the person was going, or where the browser goes next if it only
	// passes through.
	ReturnTo string
	// Onward is where the browser goes first, now that it is signed in; empty for ReturnTo.
	Onward string
	// Passing is that of the offer.
	Passing bool
}

// Next returns where a browser goes that is signed in now.
func (l *Landing) Next() string { return cmp.Or(l.Onward, l.ReturnTo) }

// Make returns a code for the offer. It is a secret until it is redeemed. store.ErrQuota:
// too many of the session are on their way.
func (c *Codes) Make(ctx context.Context, offer Offer, now time.Time) (string, error) {
	payload, err := json.Marshal(offer)
	if err != nil {
		return "", fmt.Errorf("making a hand-off code: %w", err)
	}
	code := session.NewToken(store.NewID(now))
	owner := offer.Session.String()
	err = c.Store.Commit(ctx, store.Quota{Kind: Kind, Owner: owner, Records: mostCodes}, store.Put{Record: store.Record{
		Kind:    Kind,
		ID:      code.ID,
		Owner:   owner,
		Secrets: []store.Secret{{Audience: offer.Origin, Hash: sha256.Sum256(code.Secret[:]), Since: now}},
		Payload: payload,
		Created: now,
		Expires: now.Add(offer.lifetime()),
		Seen:    now,
	}})
	if err != nil {
		return "", fmt.Errorf("making a hand-off code: %w", err)
	}
	return code.Text(), nil
}

// Redeem spends a code at the app host of the given origin, for a browser that
// presents what it holds there. The spending and the new token are one commit: of
// any number of parallel calls one succeeds, also across a crash.
//
// session.ErrNone means that the login has ended since the code was made; the code
// is spent. With ErrForeign and session.ErrNone the Landing still says where the
// person was going when the host was right, so that they can begin again. Other
// errors are the store's.
func (c *Codes) Redeem(ctx context.Context, text, origin string, presented session.Presented, now time.Time) (Landing, error) {
	code, ok := session.ParseToken(text)
	if !ok {
		return Landing{}, ErrSpent
	}
	record, err := c.Store.Get(ctx, Kind, code.ID)
	if errors.Is(err, store.ErrNotFound) {
		return Landing{}, ErrSpent
	}
	if err != nil {
		return Landing{}, fmt.Errorf("redeeming a hand-off code: %w", err)
	}
	hash := sha256.Sum256(code.Secret[:])
	if len(record.Secrets) != 1 || subtle.ConstantTimeCompare(hash[:], record.Secrets[0].Hash[:]) != 1 {
		// Whoever guesses selectors must not be able to spend the codes of others.
		return Landing{}, ErrSpent
	}
	var offer Offer
	if err := json.Unmarshal(record.Payload, &offer); err != nil {
		return Landing{}, fmt.Errorf("hand-off code %s: %w: %w", code.ID, store.ErrCorrupt, err)
	}
	spend := store.Delete{Kind: Kind, ID: code.ID}
	landing, err := c.redeem(ctx, offer, spend, origin, presented, now)
	if errors.Is(err, store.ErrNotFound) {
		return Landing{}, ErrSpent
	}
	return landing, err
}

// redeem decides what a genuine code is worth to this browser, and spends it
// either way. store.ErrNotFound: somebody else has spent it.
func (c *Codes) redeem(ctx context.Context, offer Offer, spend store.Delete, origin string, presented session.Presented, now time.Time) (Landing, error) {
	if offer.Origin != origin {
		return c.refuse(ctx, spend, Landing{}, ErrForeign)
	}
	landing := Landing{ReturnTo: offer.ReturnTo, Onward: offer.Onward, Passing: offer.Passing}
	s, err := c.Sessions.Get(ctx, offer.Session)
	if errors.Is(err, session.ErrNone) {
		return c.refuse(ctx, spend, landing, session.ErrNone)
	}
	if err != nil {
		return Landing{}, err
	}
	switch {
	case presented.OK && presented.Token.ID == s.ID && s.Opens(presented.Token, origin):
		// Another tab of this browser has landed first.
		landing.Kept, landing.Session = true, s
		return c.refuse(ctx, spend, landing, nil)
	case !presented.OK || !bound(presented.Token, offer.Challenge):
		return c.refuse(ctx, spend, landing, ErrForeign)
	}
	landing.Grant, err = c.Sessions.Attach(ctx, s.ID, offer.audience(), spend, now)
	if errors.Is(err, session.ErrNone) {
		return c.refuse(ctx, spend, landing, session.ErrNone)
	}
	return landing, err
}

// refuse spends a code that gives no token.
func (c *Codes) refuse(ctx context.Context, spend store.Delete, landing Landing, because error) (Landing, error) {
	if err := c.Store.Commit(ctx, spend); err != nil {
		return Landing{}, fmt.Errorf("spending a hand-off code: %w", err)
	}
	return landing, because
}

// bound reports whether the challenge is that of the token.
func bound(t session.Token, challenge string) bool {
	return subtle.ConstantTimeCompare([]byte(t.Challenge()), []byte(challenge)) == 1
}
