// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

type found struct {
	session *live.Session
	user    *identity.User
	err     error
}

// findHeld begins to find the token and stops when the store has read the session
// and not yet answered. The answer comes when the hold is released.
func (h *house) findHeld(token session.Token) (*hold, <-chan found) {
	held, answer := newHold(), make(chan found, 1)
	h.probe.holdGet.Store(held)
	go func() {
		s, user, err := h.find(token)
		answer <- found{s, user, err}
	}()
	<-held.reached
	return held, answer
}

// TestLogoutDuringALookUp: a look-up that read the session before it ended must
// not bring it back, neither for this request nor for any later one.
func TestLogoutDuringALookUp(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	held, answer := h.findHeld(token)
	must(t, h.keeper.End(t.Context(), token.ID))
	close(held.release)
	if got := <-answer; !errors.Is(got.err, session.ErrNone) {
		t.Errorf("the look-up that was overtaken: %v, want ErrNone", got.err)
	}
	h.refused("after the logout", token)
	if h.Warm() != 0 {
		t.Error("a session that has ended is in memory")
	}
}

// TestFailedLogoutDuringALookUp: the same when the end cannot be stored, so that the
// store still has the session and memory alone refuses it.
func TestFailedLogoutDuringALookUp(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	held, answer := h.findHeld(token)
	h.probe.Break(store.ErrFull)
	if err := h.keeper.End(t.Context(), token.ID); !errors.Is(err, live.ErrEnding) || !errors.Is(err, store.ErrFull) {
		t.Fatalf("got %v, want ErrEnding and why", err)
	}
	close(held.release)
	if got := <-answer; !errors.Is(got.err, session.ErrNone) {
		t.Errorf("the look-up that was overtaken: %v, want ErrNone", got.err)
	}
	h.refused("while the end is not stored", token)
}

// TestHandOffDuringALookUp: a look-up that read the session before it got one more
// token does not leave the older state in memory.
func TestHandOffDuringALookUp(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	held, answer := h.findHeld(token)
	spend := store.NewID(time.Now())
	must(t, h.Commit(t.Context(), store.Put{Record: store.Record{Kind: "voucher", ID: spend}}))
	grant, err := h.keeper.Attach(t.Context(), token.ID, wiki, store.Delete{Kind: "voucher", ID: spend}, time.Now())
	must(t, err)
	close(held.release)
	if got := <-answer; got.err != nil || got.session.State().Version != 2 {
		t.Errorf("the look-up that was overtaken: %v", got.err)
	}
	if _, _, err := h.Find(t.Context(), grant.Token, wiki, limits, time.Now()); err != nil {
		t.Errorf("the new host's token: %v", err)
	}
}

// TestLogoutAgainstRequests: from the moment a logout is answered, no request finds
// the session, however many were looking for it (threat 14). Each round is a cold
// session, so that look-ups and the end meet in the store and in memory.
func TestLogoutAgainstRequests(t *testing.T) {
	h := open(t)
	for range 3000 {
		token := h.login("u-1")
		h.race(4, func(int) {
			if _, _, err := h.find(token); err != nil && !errors.Is(err, session.ErrNone) {
				t.Error(err)
			}
		}, func() {
			must(t, h.keeper.End(context.Background(), token.ID))
			h.refused("after the logout", token)
		})
		h.refused("after the logout and all look-ups", token)
		if h.Warm() != 0 {
			t.Fatal("a session that has ended is in memory")
		}
	}
}

// TestHandOffAgainstRequests: nor does any look-up leave a state in memory that is
// older than what has been answered.
func TestHandOffAgainstRequests(t *testing.T) {
	h := open(t)
	for range 1000 {
		token := h.login("u-1")
		spend := store.NewID(time.Now())
		must(t, h.Commit(t.Context(), store.Put{Record: store.Record{Kind: "voucher", ID: spend}}))
		h.race(4, func(int) { h.find(token) }, func() {
			grant, err := h.keeper.Attach(context.Background(), token.ID, wiki, store.Delete{Kind: "voucher", ID: spend}, time.Now())
			if err != nil {
				t.Error(err)
				return
			}
			if _, _, err := h.Find(context.Background(), grant.Token, wiki, limits, time.Now()); err != nil {
				t.Errorf("the new host's token: %v", err)
			}
		})
	}
}

// TestHandOffsAgainstEachOther: the answers to parallel hand-offs come in another
// order than the commits, and memory ends up with the newest state.
func TestHandOffsAgainstEachOther(t *testing.T) {
	const hosts = 8
	h := open(t)
	for range 200 {
		token := h.login("u-1")
		s, _ := h.mustFind(token)
		var spend [hosts]store.Delete
		for i := range hosts {
			spend[i] = store.Delete{Kind: "voucher", ID: store.NewID(time.Now())}
			must(t, h.Commit(t.Context(), store.Put{Record: store.Record{Kind: "voucher", ID: spend[i].ID}}))
		}
		h.race(hosts, func(i int) {
			if _, err := h.keeper.Attach(context.Background(), token.ID, fmt.Sprint("https://app-", i), spend[i], time.Now()); err != nil {
				t.Error(err)
			}
		}, func() {})
		if got := s.State(); got.Version != hosts+1 || len(got.Origins()) != hosts+1 {
			t.Fatalf("memory has version %d with %d hosts, want %d of both", got.Version, len(got.Origins()), hosts+1)
		}
	}
}

// TestFailedLogoutAgainstRequests: no look-up brings a session back whose end waits
// for the store.
func TestFailedLogoutAgainstRequests(t *testing.T) {
	h := open(t)
	for range 300 {
		token := h.login("u-1")
		h.race(4, func(int) { h.find(token) }, func() {
			h.probe.Break(store.ErrFull)
			if err := h.keeper.End(context.Background(), token.ID); !errors.Is(err, live.ErrEnding) {
				t.Errorf("got %v, want ErrEnding", err)
			}
			h.refused("after the answer", token)
		})
		h.refused("after all look-ups", token)
		h.probe.Break(nil)
	}
}

// race runs one function besides n others and waits for all.
func (h *house) race(n int, others func(int), one func()) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			others(i)
		})
	}
	all.Go(func() {
		<-begin
		one()
	})
	close(begin)
	all.Wait()
}

// TestTwoLoginsNeverExchangeIdentities: thousands of people sign in, come back and
// leave at the same moment, some in more than one browser, while memory is too small
// for them all. Nobody is ever taken for somebody else (threat 15).
func TestTwoLoginsNeverExchangeIdentities(t *testing.T) {
	const people, workers = 4000, 8
	h := openWith(t, live.Options{Capacity: 500})
	for i := range people {
		save(t, h.Live, identity.User{ID: fmt.Sprint("u-", i), Name: fmt.Sprint("name-", i)})
	}
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for n := range people {
				// Neighbours work on the same people at nearly the same time.
				h.visit((n + w*7) % people)
			}
		})
	}
	all.Wait()
}

// visit signs one person in, lets them make some requests, and signs them out.
func (h *house) visit(i int) {
	id := fmt.Sprint("u-", i)
	_, token, err := h.keeper.Start(context.Background(), session.Login{UserID: id, Origin: portal, Limits: limits}, time.Now())
	if err != nil {
		h.t.Error(err)
		return
	}
	for range 3 {
		s, user, err := h.find(token)
		if err != nil {
			h.t.Errorf("%s is refused: %v", id, err)
			return
		}
		if user.ID != id || user.Name != fmt.Sprint("name-", i) || s.ID != token.ID || s.State().UserID != id {
			h.t.Errorf("%s is taken for %s in session %s of %s", id, user.ID, s.ID, s.State().UserID)
		}
		if tie, ok := s.Tie(context.Background()); ok {
			tie.Release()
		}
	}
	if i%2 == 0 {
		if err := h.keeper.End(context.Background(), token.ID); err != nil {
			h.t.Error(err)
		}
		h.refused("after the logout", token)
	}
}
