// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/live"
)

// TestEndCutsWhatRuns: a stream or WebSocket that was opened under a session is cut
// when the end of the session is answered, and none can be opened after it (threat 14).
func TestEndCutsWhatRuns(t *testing.T) {
	h := open(t)
	token, other := h.login("u-1"), h.login("u-1")
	s, _ := h.mustFind(token)
	var ties []*live.Tie
	for range 100 {
		tie, ok := s.Tie(t.Context())
		if !ok {
			t.Fatal("no tie")
		}
		ties = append(ties, tie)
	}
	o, _ := h.mustFind(other)
	bystander, _ := o.Tie(t.Context())
	ties[17].Release()
	if got := s.Running(); got != 99 {
		t.Errorf("%d requests run, want 99", got)
	}
	must(t, h.keeper.End(t.Context(), token.ID))
	for i, tie := range ties {
		want := live.ErrEnded
		if i == 17 {
			want = context.Canceled
		}
		if got := context.Cause(tie); !errors.Is(got, want) {
			t.Errorf("request %d: cut with %v, want %v", i, got, want)
		}
	}
	if tie, ok := s.Tie(t.Context()); ok || tie != nil {
		t.Error("a request is bound to a session that has ended")
	}
	if bystander.Err() != nil || o.Running() != 1 {
		t.Error("another session's request was cut")
	}
	for _, tie := range ties {
		tie.Release()
		tie.Release()
	}
	if s.Running() != 0 {
		t.Errorf("%d requests run under a session that has ended", s.Running())
	}
}

// TestReleaseLeavesNothing: requests come and go in any order for as long as a
// session lives, and none is left behind (threat 37).
func TestReleaseLeavesNothing(t *testing.T) {
	h := open(t)
	s, _ := h.mustFind(h.login("u-1"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var open []*live.Tie
			for i := range 2000 {
				tie, ok := s.Tie(context.Background())
				if !ok {
					t.Error("no tie")
					return
				}
				if open = append(open, tie); i%3 == 2 {
					// The oldest goes first, so that places are exchanged.
					open[0].Release()
					open = open[1:]
				}
			}
			for _, tie := range open {
				tie.Release()
				if tie.Err() == nil {
					t.Error("a context is left open")
				}
			}
		})
	}
	all.Wait()
	if got := s.Running(); got != 0 {
		t.Errorf("%d requests are left", got)
	}
}

// TestTieAgainstEnd: of requests that bind themselves while their session ends, each
// is either turned away or cut; none slips in between.
func TestTieAgainstEnd(t *testing.T) {
	h := open(t)
	for range 1000 {
		token := h.login("u-1")
		s, _ := h.mustFind(token)
		ties := make([]*live.Tie, 4)
		h.race(len(ties), func(i int) { ties[i], _ = s.Tie(context.Background()) }, func() {
			must(t, h.keeper.End(context.Background(), token.ID))
		})
		for _, tie := range ties {
			if tie != nil && tie.Err() == nil {
				t.Fatal("a request runs on under a session that has ended")
			}
		}
	}
}

// TestRequestThatIsOver: the client goes away, and the bond with it.
func TestRequestThatIsOver(t *testing.T) {
	h := open(t)
	s, _ := h.mustFind(h.login("u-1"))
	parent, leave := context.WithCancel(t.Context())
	tie, _ := s.Tie(parent)
	leave()
	if got := context.Cause(tie); !errors.Is(got, context.Canceled) || errors.Is(got, live.ErrEnded) {
		t.Errorf("cut with %v", got)
	}
	tie.Release()
	if s.Running() != 0 {
		t.Error("the bond is left")
	}
}

// TestPrepared: what a gate has made ready for one app is never another's, and the
// newest counts (threat 16).
func TestPrepared(t *testing.T) {
	h := open(t)
	s, _ := h.mustFind(h.login("u-1"))
	if s.Prepared("wiki") != nil {
		t.Error("something was there before")
	}
	apps := []string{"wiki", "tickets", "files", "mail"}
	h.race(len(apps), func(i int) {
		for n := range 500 {
			s.Prepare(apps[i], n)
			if got := s.Prepared(apps[i]); got != n {
				t.Errorf("%s: got %v, want %d", apps[i], got, n)
			}
		}
	}, func() {})
	for _, app := range apps {
		if got := s.Prepared(app); got != 499 {
			t.Errorf("%s: got %v, want 499", app, got)
		}
	}
	if s.Prepared("") != nil || s.Prepared("wik") != nil {
		t.Error("an app has what is none of its own")
	}
}
