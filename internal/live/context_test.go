// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

type (
	key   struct{}
	other struct{}
)

// TestDerivedContextEndsWithItsTie: what a handler derives from the context of its
// request, however deep, ends with the session and with the request, and has the
// values of both.
func TestDerivedContextEndsWithItsTie(t *testing.T) {
	h := open(t)
	for _, c := range []struct {
		name string
		end  func(session.Token, *live.Tie)
		want error
	}{
		{"the session ends", func(token session.Token, _ *live.Tie) { must(t, h.keeper.End(t.Context(), token.ID)) }, live.ErrEnded},
		{"the request is over", func(_ session.Token, tie *live.Tie) { tie.Release() }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := h.login("u-1")
			s, _ := h.mustFind(token)
			tie, _ := s.Tie(context.WithValue(t.Context(), key{}, "kept"))
			before := runtime.NumGoroutine()
			derived, cancel := context.WithCancel(context.WithValue(tie, other{}, "new"))
			defer cancel()
			if got := runtime.NumGoroutine(); got > before {
				t.Errorf("%d goroutines more for a derived context", got-before)
			}
			if derived.Value(key{}) != "kept" || derived.Value(other{}) != "new" {
				t.Error("a value is lost")
			}
			if derived.Err() != nil || tie.Err() != nil {
				t.Fatal("over before it has ended")
			}
			c.end(token, tie)
			<-derived.Done()
			if got := context.Cause(derived); !errors.Is(got, c.want) {
				t.Errorf("ended because of %v, want %v", got, c.want)
			}
			tie.Release()
		})
	}
}

// TestContextAskedForAfterTheEndIsDone: who asks whether a request is over only when
// it is, learns it all the same.
func TestContextAskedForAfterTheEndIsDone(t *testing.T) {
	h := open(t)
	s, _ := h.mustFind(h.login("u-1"))
	tie, _ := s.Tie(t.Context())
	tie.Release()
	if tie.Err() == nil {
		t.Error("no error after the end")
	}
	<-tie.Done()
	if !errors.Is(context.Cause(tie), context.Canceled) {
		t.Errorf("ended because of %v", context.Cause(tie))
	}
}

// TestContextOfTheClientIsFollowed: a client that goes away ends what runs for it,
// whether or not somebody was waiting for that.
func TestContextOfTheClientIsFollowed(t *testing.T) {
	h := open(t)
	s, _ := h.mustFind(h.login("u-1"))
	for _, waited := range []bool{false, true} {
		parent, leave := context.WithCancel(t.Context())
		tie, _ := s.Tie(parent)
		if waited {
			_ = tie.Done()
		}
		leave()
		<-tie.Done()
		if !errors.Is(tie.Err(), context.Canceled) {
			t.Errorf("ended because of %v", tie.Err())
		}
		tie.Release()
	}
}
