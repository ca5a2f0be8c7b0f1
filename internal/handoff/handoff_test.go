// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

const (
	portal = "https://login.example.com"
	wiki   = "https://wiki.example.com"
	page   = wiki + "/doku.php?id=start"
)

// house is what takes part in a hand-off.
type house struct {
	t     testing.TB
	codes *handoff.Codes
}

func open(t testing.TB, s store.Store) *house {
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &house{t, &handoff.Codes{Store: s, Sessions: &session.Keeper{Store: s}}}
}

// login starts a session of a person at the portal.
func (h *house) login(user string) store.ID {
	h.t.Helper()
	s, _, err := h.codes.Sessions.Start(h.t.Context(), session.Login{
		UserID: user, Origin: portal, Limits: session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
	}, time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return s.ID
}

// make returns a code that takes the session to the wiki, into the browser that
// holds the token there.
func (h *house) make(id store.ID, token session.Token) string {
	h.t.Helper()
	code, err := h.codes.Make(h.t.Context(), handoff.Offer{
		Session: id, Origin: wiki, Challenge: token.Challenge(), ReturnTo: page,
	}, time.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// holds is what a browser presents that holds the token.
func holds(token session.Token) session.Presented { return session.Presented{Token: token, OK: true} }

func (h *house) redeem(code string, p session.Presented) (handoff.Landing, error) {
	return h.codes.Redeem(context.Background(), code, wiki, p, time.Now())
}

func (h *house) mustRedeem(code string, p session.Presented) handoff.Landing {
	h.t.Helper()
	landing, err := h.redeem(code, p)
	if err != nil {
		h.t.Fatal(err)
	}
	if landing.ReturnTo != page {
		h.t.Errorf("returns to %q, want %q", landing.ReturnTo, page)
	}
	return landing
}

// spent reports a code that can still be spent by whom it was made for.
func (h *house) spent(code string, p session.Presented) {
	h.t.Helper()
	if landing, err := h.redeem(code, p); !errors.Is(err, handoff.ErrSpent) || landing != (handoff.Landing{}) {
		h.t.Errorf("got %v; want ErrSpent and nothing else", err)
	}
}

func (h *house) session(id store.ID) *session.Session {
	h.t.Helper()
	s, err := h.codes.Sessions.Get(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// TestHandOff is how it should go: the browser that brought the nonce gets a token
// for that host, which opens the session there and nowhere else.
func TestHandOff(t *testing.T) {
	h := open(t, memstore.New())
	id, nonce := h.login("u-1"), session.NewNonce()
	code := h.make(id, nonce)
	landing := h.mustRedeem(code, holds(nonce))
	if landing.Kept || landing.Again {
		t.Errorf("Kept %v, Again %v at the first landing", landing.Kept, landing.Again)
	}
	if landing.Token == nonce || landing.Token.IsNonce() || landing.Session.ID != id {
		t.Error("no token of the session")
	}
	s := h.session(id)
	if !s.Opens(landing.Token, wiki) || s.Opens(landing.Token, portal) || s.Opens(nonce, wiki) {
		t.Error("want the new token to open the wiki, and nothing else to")
	}
	h.spent(code, holds(nonce))
	h.spent(code, holds(landing.Token))
}

// TestOneWinner: of a hundred parallel redeems of one code, one gets a token
// (threat 30).
func TestOneWinner(t *testing.T) {
	bolt, err := boltstore.Open(filepath.Join(t.TempDir(), "gatehouse.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]store.Store{
		"memory": memstore.New(),
		"bbolt":  bolt,
		"live":   live.New(memstore.New(), live.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, s)
			for range 5 {
				id, nonce := h.login("u-1"), session.NewNonce()
				code := h.make(id, nonce)
				var winners atomic.Int32
				var all sync.WaitGroup
				begin := make(chan struct{})
				for range 100 {
					all.Go(func() {
						<-begin
						switch _, err := h.redeem(code, holds(nonce)); {
						case err == nil:
							winners.Add(1)
						case !errors.Is(err, handoff.ErrSpent):
							t.Errorf("a loser got %v, want ErrSpent", err)
						}
					})
				}
				close(begin)
				all.Wait()
				if n := winners.Load(); n != 1 {
					t.Errorf("%d winners", n)
				}
				if s := h.session(id); s.Version != 2 {
					t.Errorf("the session was changed %d times", s.Version-1)
				}
			}
		})
	}
}

// TestExpiredCode: a code is on its way for a minute, not longer, and leaves nothing.
func TestExpiredCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, memstore.New())
		id, nonce := h.login("u-1"), session.NewNonce()
		code, late := h.make(id, nonce), h.make(id, nonce)
		time.Sleep(handoff.Lifetime - time.Millisecond)
		h.mustRedeem(code, holds(nonce))
		time.Sleep(time.Millisecond)
		h.spent(late, holds(nonce))
		if n, err := h.codes.Store.Sweep(t.Context(), 100); n != 1 || err != nil {
			t.Errorf("swept %d, %v; want the expired code", n, err)
		}
	})
}

// TestLogoutDuringTheHandOff: a login that ended while its code was on the way gives
// no token, whenever it ended, and the code is spent.
func TestLogoutDuringTheHandOff(t *testing.T) {
	for _, name := range []string{"before", "meanwhile"} {
		t.Run(name, func(t *testing.T) {
			h := open(t, memstore.New())
			id, nonce := h.login("u-1"), session.NewNonce()
			code := h.make(id, nonce)
			end := func() {
				if err := h.codes.Sessions.End(context.Background(), id); err != nil {
					t.Error(err)
				}
			}
			codes := *h.codes
			if name == "before" {
				end()
			} else {
				codes.Sessions = &session.Keeper{Store: afterGet{h.codes.Store, end}}
			}
			landing, err := codes.Redeem(t.Context(), code, wiki, holds(nonce), time.Now())
			if !errors.Is(err, session.ErrNone) || landing.Session != nil || landing.Token != (session.Token{}) {
				t.Errorf("got %+v, %v; want ErrNone and no token", landing, err)
			}
			if landing.ReturnTo != page {
				t.Errorf("does not say where to begin again: %q", landing.ReturnTo)
			}
			h.spent(code, holds(nonce))
		})
	}
}

// afterGet does something each time a session has been read.
type afterGet struct {
	store.Store
	do func()
}

func (s afterGet) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	r, err := s.Store.Get(ctx, kind, id)
	s.do()
	return r, err
}

// TestSecondTab: the tabs of one browser are each on their way with the same nonce.
// The first that lands sets the cookie; the others find it and keep it (threat 52).
func TestSecondTab(t *testing.T) {
	h := open(t, memstore.New())
	id, nonce := h.login("u-1"), session.NewNonce()
	codes := []string{h.make(id, nonce), h.make(id, nonce), h.make(id, nonce)}
	first := h.mustRedeem(codes[0], holds(nonce))
	second := h.mustRedeem(codes[1], holds(first.Token))
	if !second.Kept || second.Token != (session.Token{}) || second.Session.ID != id {
		t.Errorf("the second tab got %+v, want to keep what the browser has", second)
	}
	if s := h.session(id); s.Version != 2 {
		t.Error("the session was changed for a tab that keeps its token")
	}
	h.spent(codes[1], holds(first.Token))

	// One whose request left before the answer to the first came back.
	third := h.mustRedeem(codes[2], holds(nonce))
	if third.Kept || !third.Again {
		t.Errorf("Kept %v, Again %v; want a further token and Again", third.Kept, third.Again)
	}
	s := h.session(id)
	if !s.Opens(first.Token, wiki) || !s.Opens(third.Token, wiki) {
		t.Error("one of the two tabs is signed out, whichever cookie the browser kept")
	}
}

// TestTwentyRestoredTabs all land, in whatever order their requests come (threat 52).
func TestTwentyRestoredTabs(t *testing.T) {
	h := open(t, memstore.New())
	id, nonce := h.login("u-1"), session.NewNonce()
	codes := make([]string, 20)
	for i := range codes {
		codes[i] = h.make(id, nonce)
	}
	tokens := make([]session.Token, len(codes))
	var all sync.WaitGroup
	for i, code := range codes {
		all.Go(func() {
			landing, err := h.redeem(code, holds(nonce))
			if err != nil {
				t.Errorf("tab %d: %v", i, err)
			}
			tokens[i] = landing.Token
		})
	}
	all.Wait()
	s := h.session(id)
	for i, token := range tokens {
		if !s.Opens(token, wiki) {
			t.Errorf("tab %d: its token opens nothing", i)
		}
	}
}

// TestPersonBefore: the browser holds a good token of somebody else at the target,
// which is what the challenge was made of. It is replaced, never kept (threat 31).
func TestPersonBefore(t *testing.T) {
	h := open(t, memstore.New())
	before, nonce := h.login("u-before"), session.NewNonce()
	old := h.mustRedeem(h.make(before, nonce), holds(nonce)).Token
	id := h.login("u-1")
	landing := h.mustRedeem(h.make(id, old), holds(old))
	if landing.Kept || landing.Session.UserID != "u-1" || landing.Token.ID != id {
		t.Fatalf("landed as %+v, want a token of u-1", landing)
	}
	if s := h.session(id); !s.Opens(landing.Token, wiki) || s.Opens(old, wiki) {
		t.Error("want the new token, and only it, to open the new session")
	}
	if s := h.session(before); s.Opens(landing.Token, wiki) {
		t.Error("the new token opens the session of the person before")
	}
}

// TestOwnOldToken: a token of the same session that is worth nothing any more is
// a challenge like any other.
func TestOwnOldToken(t *testing.T) {
	h := open(t, memstore.New())
	id := h.login("u-1")
	stale := session.NewToken(id)
	landing := h.mustRedeem(h.make(id, stale), holds(stale))
	if landing.Kept || !h.session(id).Opens(landing.Token, wiki) {
		t.Error("the browser keeps a token that opens nothing")
	}
}

// TestStoreThatCannotWrite: nobody lands on the account of a full disk, and the code
// is good for another try (threat 20).
func TestStoreThatCannotWrite(t *testing.T) {
	failing := &storetest.Failing{Store: memstore.New()}
	h := open(t, failing)
	id, nonce := h.login("u-1"), session.NewNonce()
	code := h.make(id, nonce)
	failing.Break(store.ErrFull)
	if _, err := h.codes.Make(t.Context(), handoff.Offer{Session: id}, time.Now()); !errors.Is(err, store.ErrFull) {
		t.Errorf("making a code: %v, want ErrFull", err)
	}
	for name, presented := range map[string]session.Presented{"the right browser": holds(nonce), "another": {}} {
		landing, err := h.redeem(code, presented)
		if !errors.Is(err, store.ErrFull) || errors.Is(err, handoff.ErrForeign) || landing.Session != nil || landing.Kept {
			t.Errorf("%s: got %+v, %v; want ErrFull and nothing else", name, landing, err)
		}
	}
	failing.Break(nil)
	h.mustRedeem(code, holds(nonce))
}

// TestCodesOfASessionAreBounded: whoever is signed in, or leads somebody's browser round and
// round, fills no store with codes that nobody redeems, and is in nobody else's way (threat 37).
func TestCodesOfASessionAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, memstore.New())
		busy, calm := h.login("u-1"), h.login("u-2")
		offer := handoff.Offer{Session: busy, Origin: wiki, Challenge: session.NewNonce().Challenge(), ReturnTo: page}
		flood := func() (n int) {
			t.Helper()
			for {
				_, err := h.codes.Make(t.Context(), offer, time.Now())
				if errors.Is(err, store.ErrQuota) {
					return n
				}
				if n++; err != nil || n > 10_000 {
					t.Fatalf("%d codes: %v", n, err)
				}
			}
		}
		if n := flood(); n < 500 {
			t.Errorf("%d codes: twenty tabs of a few apps need more", n)
		}
		nonce := session.NewNonce()
		h.mustRedeem(h.make(calm, nonce), holds(nonce))
		time.Sleep(handoff.Lifetime)
		if n := flood(); n < 500 {
			t.Errorf("%d codes when the others are too old", n)
		}
	})
}
