// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/google/go-cmp/cmp"
)

// TestBondIsTakenUp: what the apps have left in a browser stays with its person as
// long as one session follows the other there, also after an idle end. Nobody else
// ever has the same bond, nor does the same person at another browser, nor one whose
// login is to begin anew.
func TestBondIsTakenUp(t *testing.T) {
	k := keeper(t)
	now := time.Now()
	bonds := map[string]string{}
	begin := func(what string, change func(*session.Login)) *session.Session {
		t.Helper()
		l := login()
		change(&l)
		s, _ := start(t, k, l, now)
		if s.Bond == "" || get(t, k, s.ID).Bond != s.Bond {
			t.Errorf("%s: bond %q, in the store %q", what, s.Bond, get(t, k, s.ID).Bond)
		}
		if other, seen := bonds[s.Bond]; seen {
			t.Errorf("%s has the bond of %s", what, other)
		}
		bonds[s.Bond] = what
		return s
	}
	take := func(l *session.Login, s *session.Session) { l.Replaces, l.Resume = s.ID, true }

	first := begin("the first", func(*session.Login) {})
	next := login()
	take(&next, first)
	again, _ := start(t, k, next, now)
	if !get(t, k, again.ID).Follows(first.ID) || again.Follows(again.ID) || first.Follows(again.ID) {
		t.Error("want the second to follow the first, and nothing else")
	}
	if again.Bond != first.Bond {
		t.Error("the same person at the same browser has another bond")
	}
	attach(t, k, again.ID, wiki, now)
	if got := get(t, k, again.ID); got.Bond != first.Bond {
		t.Error("a hand-off has changed the bond")
	}

	begin("another browser", func(l *session.Login) { l.Resume = true })
	fresh := begin("a new beginning", func(l *session.Login) { l.Replaces = again.ID })
	if !fresh.Follows(first.ID) || !fresh.Follows(again.ID) {
		t.Error("the same person at the same browser is not known any more")
	}
	mine, _ := start(t, k, login(), now)
	theirs := begin("another person", func(l *session.Login) { l.UserID = "u-2"; take(l, mine) })
	if theirs.Follows(mine.ID) {
		t.Error("another person follows")
	}
	// The first person's token is gone with the other's login, their bond with it.
	begin("the person after another", func(l *session.Login) { take(l, mine) })
	ended, _ := start(t, k, login(), now)
	if err := k.End(t.Context(), ended.ID); err != nil {
		t.Fatal(err)
	}
	begin("after a sign-out", func(l *session.Login) { take(l, ended) })
}

// TestFollowsIsBounded: a browser in which somebody signs in for years makes no record grow.
func TestFollowsIsBounded(t *testing.T) {
	k := keeper(t)
	var chain []*session.Session
	for range 40 {
		l := login()
		if n := len(chain); n > 0 {
			l.Replaces = chain[n-1].ID
		}
		s, _ := start(t, k, l, time.Now())
		chain = append(chain, s)
	}
	n := 0
	for _, s := range chain {
		if chain[39].Follows(s.ID) {
			n++
		}
	}
	if n != 16 || !chain[39].Follows(chain[38].ID) {
		t.Errorf("follows %d of them, want the last 16", n)
	}
}

// endAfterRead ends a session just after somebody has read it.
type endAfterRead struct{ store.Store }

func (s endAfterRead) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	r, err := s.Store.Get(ctx, kind, id)
	if err == nil {
		err = s.Store.Commit(ctx, store.Delete{Kind: kind, ID: id})
	}
	return r, err
}

// TestSignOutDuringSignIn: whoever signs out while they sign in again elsewhere in the
// same browser finds nothing of before: the bond dies with the session.
func TestSignOutDuringSignIn(t *testing.T) {
	inner := memstore.New()
	defer inner.Close()
	before, _ := start(t, &session.Keeper{Store: inner}, login(), time.Now())
	again := login()
	again.Replaces, again.Resume = before.ID, true
	after, _ := start(t, &session.Keeper{Store: endAfterRead{inner}}, again, time.Now())
	if after.Bond == before.Bond {
		t.Error("the session has the bond of one that was ended")
	}
}

// TestOverIsGoneAndNotForgotten: a session that is over is in no list and no count and
// gets no further host, but for a day its token still tells who was here. What ends the
// sessions of a person ends it too.
func TestOverIsGoneAndNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeper(t)
		s, token := start(t, k, login(), time.Now())
		other, _ := start(t, k, login(), time.Now())
		spend := voucher(t, k.Store)
		if s, err := k.Held(t.Context(), token, wiki); !errors.Is(err, session.ErrNone) {
			t.Errorf("held on another host: %v, %v", s, err)
		}
		time.Sleep(time.Hour + 2*time.Minute)
		if all := ids(t, k, "u-1"); len(all) != 0 {
			t.Errorf("listed: %v", all)
		}
		if _, err := k.Attach(t.Context(), s.ID, wiki, spend, time.Now()); !errors.Is(err, session.ErrNone) {
			t.Errorf("a further host: %v, want ErrNone", err)
		}
		if _, err := k.Store.Get(t.Context(), "voucher", spend.ID); err != nil {
			t.Errorf("what was offered for it: %v", err)
		}
		time.Sleep(22 * time.Hour)
		held, err := k.Held(t.Context(), token, portal)
		if err != nil || held.Bond != s.Bond || !held.Over(time.Now()) {
			t.Fatalf("held after 23 hours: %+v, %v", held, err)
		}
		guess := session.NewToken(token.ID)
		if s, err := k.Held(t.Context(), guess, portal); !errors.Is(err, session.ErrNone) {
			t.Errorf("by a selector alone: %v, %v", s, err)
		}
		again := login()
		again.Replaces, again.Resume = s.ID, true
		if resumed, _ := start(t, k, again, time.Now()); resumed.Bond != s.Bond {
			t.Error("the person has come back and finds nothing")
		}
		if n, err := k.EndAll(t.Context(), "u-1", store.ID{}); n != 1 || err != nil {
			t.Errorf("ended %d, %v, want the one that is not over", n, err)
		}
		if s, err := k.Get(t.Context(), other.ID); !errors.Is(err, session.ErrNone) {
			t.Errorf("one that was over is left: %v, %v", s, err)
		}
	})
}

// TestOverIsForgottenAfterADay: the store does not keep it for ever.
func TestOverIsForgottenAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeper(t)
		s, token := start(t, k, login(), time.Now())
		time.Sleep(time.Hour + session.Grace)
		if s, err := k.Held(t.Context(), token, portal); !errors.Is(err, session.ErrNone) {
			t.Errorf("held: %v, %v", s, err)
		}
		if n := count(t, k); n != 0 {
			t.Errorf("%d left of %v", n, s.ID)
		}
	})
}

// TestRecordWithoutBond: sessions from before there were bonds have one each.
func TestRecordWithoutBond(t *testing.T) {
	id := store.NewID(time.Now())
	s, err := session.Decode(store.Record{Kind: session.Kind, ID: id, Payload: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(id.String(), s.Bond); diff != "" {
		t.Errorf("bond (-want +got):\n%s", diff)
	}
}
