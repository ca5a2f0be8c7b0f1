// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// TestForeignBrowser: a code that somebody took from an address bar, a log or a link
// is worth nothing in another browser, and nothing in the right one afterwards
// (threat 30). Nor can it sign a victim in to the attacker's account.
func TestForeignBrowser(t *testing.T) {
	h := open(t, memstore.New())
	id := h.login("u-1")
	_, otherToken, err := h.codes.Sessions.Start(t.Context(), session.Login{UserID: "u-2", Origin: wiki}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	nonce := session.NewNonce()
	for name, presented := range map[string]session.Presented{
		"nothing":                   {},
		"another nonce":             holds(session.NewNonce()),
		"a token of another person": holds(otherToken),
		"a guessed token":           holds(session.NewToken(id)),
		"two cookies":               {Token: nonce, Twice: true},
		"a malformed cookie":        {Token: nonce},
		"an empty token":            holds(session.Token{}),
	} {
		t.Run(name, func(t *testing.T) {
			code := h.make(id, nonce)
			landing, err := h.redeem(code, presented)
			if !errors.Is(err, handoff.ErrForeign) || landing.Session != nil || landing.Token != (session.Token{}) || landing.Kept {
				t.Errorf("got %+v, %v; want ErrForeign and no token", landing, err)
			}
			if landing.ReturnTo != page {
				t.Errorf("does not say where to begin again: %q", landing.ReturnTo)
			}
			h.spent(code, holds(nonce))
		})
	}
	if s := h.session(id); s.Version != 1 {
		t.Error("the session was changed")
	}
}

// TestChallengeOfNothing: an offer without a challenge is for no browser at all.
func TestChallengeOfNothing(t *testing.T) {
	h := open(t, memstore.New())
	for _, presented := range []session.Presented{{}, holds(session.Token{}), holds(session.NewNonce())} {
		code, err := h.codes.Make(t.Context(), handoff.Offer{Session: h.login("u-1"), Origin: wiki, ReturnTo: page}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.redeem(code, presented); !errors.Is(err, handoff.ErrForeign) {
			t.Errorf("got %v, want ErrForeign", err)
		}
	}
}

// TestWrongHost: an app that gets hold of a code for another host cannot use it, and
// it is spent; where the person was going is not that host's business.
func TestWrongHost(t *testing.T) {
	h := open(t, memstore.New())
	id, nonce := h.login("u-1"), session.NewNonce()
	for _, origin := range []string{"https://evil.example.com", portal, "http://wiki.example.com", wiki + ":8443", wiki + "/", ""} {
		code := h.make(id, nonce)
		landing, err := h.codes.Redeem(t.Context(), code, origin, holds(nonce), time.Now())
		if !errors.Is(err, handoff.ErrForeign) || landing != (handoff.Landing{}) {
			t.Errorf("%q: got %+v, %v; want ErrForeign and nothing else", origin, landing, err)
		}
		h.spent(code, holds(nonce))
	}
	if s := h.session(id); s.Version != 1 {
		t.Error("the session was changed")
	}
}

// TestGuessedSelector: selectors are ordered by time and may be guessed. Without the
// secret nobody can spend the code of somebody else.
func TestGuessedSelector(t *testing.T) {
	h := open(t, memstore.New())
	id, nonce := h.login("u-1"), session.NewNonce()
	code := h.make(id, nonce)
	selector, secret, _ := strings.Cut(code, ".")
	codeID, err := store.ParseID(selector)
	if err != nil {
		t.Fatal(err)
	}
	for _, guess := range []string{
		"", ".", selector, selector + ".", session.NewToken(codeID).Text(), session.Token{ID: codeID}.Text(),
		session.NewNonce().Text(), nonce.Text(), session.NewToken(id).Text(),
		session.NewToken(store.NewID(time.Now())).ID.String() + "." + secret, code + "=", strings.Repeat("A", 8<<10),
	} {
		h.spent(guess, holds(nonce))
	}
	h.mustRedeem(code, holds(nonce))
}

// TestNoSecretInErrors: what goes wrong with a code is logged, the code is not
// (threat 40).
func TestNoSecretInErrors(t *testing.T) {
	s := memstore.New()
	h := open(t, s)
	nonce := session.NewNonce()
	code := h.make(h.login("u-1"), nonce)
	_, secret, _ := strings.Cut(code, ".")
	s.Close()
	_, err := h.redeem(code, holds(nonce))
	if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), nonce.Challenge()) {
		t.Errorf("got %v", err)
	}
}
