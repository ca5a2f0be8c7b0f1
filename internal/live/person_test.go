// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// TestChangesOfAPersonCountAtOnce: a group taken away, a user disabled or removed
// takes effect on live sessions, all of them, at their next request (threat 17).
func TestChangesOfAPersonCountAtOnce(t *testing.T) {
	h := open(t)
	save(t, h.Live, identity.User{ID: "u-1", Groups: []string{"admin", "staff"}})
	tokens := []session.Token{h.login("u-1"), h.login("u-1")}
	other := h.login("u-2")
	groups := func(want ...string) {
		t.Helper()
		for _, token := range tokens {
			if _, user := h.mustFind(token); !slices.Equal(user.Groups, want) {
				t.Errorf("groups %q, want %q", user.Groups, want)
			}
		}
	}
	groups("admin", "staff")
	save(t, h.Live, identity.User{ID: "u-1", Groups: []string{"staff"}})
	groups("staff")

	save(t, h.Live, identity.User{ID: "u-1", Disabled: true})
	for _, token := range tokens {
		h.refused("disabled", token)
	}
	save(t, h.Live, identity.User{ID: "u-1", Groups: []string{"guests"}})
	groups("guests")

	must(t, h.Commit(t.Context(), store.DeleteDocument{Name: "user/u-1"}))
	for _, token := range tokens {
		h.refused("removed", token)
	}
	reads := h.probe.reads.Load()
	h.mustFind(other)
	if h.probe.reads.Load() != reads+2 {
		t.Error("somebody else was looked up, though nothing about them changed")
	}
}

// TestChangeOfAPersonDuringALookUp: a look-up that read the person before the change
// does not bring the former state back.
func TestChangeOfAPersonDuringALookUp(t *testing.T) {
	var h *house
	held := newHold()
	first := true
	h = openWith(t, live.Options{User: func(ctx context.Context, id string) (*identity.User, error) {
		user, err := h.user(ctx, id)
		if first {
			first = false
			close(held.reached)
			<-held.release
		}
		return user, err
	}})
	token := h.login("u-1")
	answer := make(chan found, 1)
	go func() {
		s, user, err := h.find(token)
		answer <- found{s, user, err}
	}()
	<-held.reached
	save(t, h.Live, identity.User{ID: "u-1", Disabled: true})
	close(held.release)
	if got := <-answer; !errors.Is(got.err, session.ErrNone) {
		t.Errorf("the look-up that was overtaken: %v, want ErrNone", got.err)
	}
	h.refused("disabled", token)
}

// TestChangeOfAPersonInDoubt: a commit that failed may have happened all the same.
// Nobody keeps what it may have taken away.
func TestChangeOfAPersonInDoubt(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	h.mustFind(token)
	d, err := h.Document(t.Context(), "user/u-1")
	must(t, err)
	d.Data = []byte(`{"ID":"u-1","Disabled":true}`)
	must(t, h.probe.Commit(t.Context(), store.PutDocument{Document: d}))
	h.probe.Break(store.ErrUnavailable)
	if err := h.Commit(t.Context(), store.PutDocument{Document: d}); !errors.Is(err, store.ErrUnavailable) {
		t.Fatal(err)
	}
	h.refused("perhaps disabled", token)
}

// TestDisablingAgainstRequests: while people are switched off and on, no request that
// begins after an answer sees what was before it, and memory is too small for all.
func TestDisablingAgainstRequests(t *testing.T) {
	h := openWith(t, live.Options{Capacity: 4})
	for round := range 300 {
		id := fmt.Sprint("u-", round)
		token := h.login(id)
		// Others come and go, so that people leave memory meanwhile.
		bystanders := []session.Token{h.login("x-1"), h.login("x-2"), h.login("x-3"), h.login("x-4"), h.login("x-5")}
		h.race(5, func(i int) {
			h.find(token)
			h.find(bystanders[i])
			h.find(token)
		}, func() {
			save(t, h.Live, identity.User{ID: id, Disabled: true})
			h.refused("disabled", token)
		})
		h.refused("disabled, after all look-ups", token)
	}
}

// TestPeopleThatNobodyReportsAreNotKept: when changes of people cannot be seen, every
// request looks its user up.
func TestPeopleThatNobodyReportsAreNotKept(t *testing.T) {
	user := &identity.User{ID: "u-1"}
	l := live.New(memstore.New(), live.Options{
		User: func(context.Context, string) (*identity.User, error) { return user, nil },
	})
	t.Cleanup(func() { l.Close() })
	k := &session.Keeper{Store: l}
	_, token, err := k.Start(t.Context(), session.Login{UserID: "u-1", Origin: portal}, time.Now())
	must(t, err)
	if _, _, err := l.Find(t.Context(), token, portal, limits, time.Now()); err != nil {
		t.Fatal(err)
	}
	user = &identity.User{ID: "u-1", Disabled: true}
	if _, _, err := l.Find(t.Context(), token, portal, limits, time.Now()); !errors.Is(err, session.ErrNone) {
		t.Errorf("got %v, want ErrNone", err)
	}
}

// TestDocumentsAreReported: whoever keeps something made of a document is told of
// each change, by whichever commit.
func TestDocumentsAreReported(t *testing.T) {
	var told []string
	l := live.New(memstore.New(), live.Options{OnDocument: func(name string) { told = append(told, name) }})
	t.Cleanup(func() { l.Close() })
	must(t, l.Commit(t.Context(), store.PutDocument{Document: store.Document{Name: "a"}}, store.PutDocument{Document: store.Document{Name: "b"}}))
	must(t, l.Commit(t.Context(), store.DeleteDocument{Name: "a"}))
	if err := l.Commit(t.Context(), store.DeleteDocument{Name: "c"}); !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	if !slices.Equal(told, []string{"a", "b", "a"}) {
		t.Errorf("told of %q", told)
	}
}
