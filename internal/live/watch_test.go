// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// tie binds a request to the session of the token.
func (h *house) tie(token session.Token, terms live.Terms) *live.Tie {
	h.t.Helper()
	find := h.Find
	if terms.Passive {
		find = h.Look
	}
	s, _, err := find(h.t.Context(), token, portal, limits, time.Now())
	must(h.t, err)
	terms.Limits = limits
	tie := &live.Tie{Terms: terms}
	if !s.TieTo(tie, h.t.Context()) {
		h.t.Fatal("no tie")
	}
	return tie
}

// over fails the test unless the token opens nothing.
func (h *house) over(token session.Token) {
	h.t.Helper()
	if _, _, err := h.Look(h.t.Context(), token, portal, limits, time.Now()); !errors.Is(err, session.ErrNone) {
		h.t.Errorf("the session can be used: %v", err)
	}
}

// TestExpiryCutsStreams: when the time of a session is over, idle or lifetime, what goes
// on until somebody ends it is cut within a second, and what finishes by itself is
// left to finish. Nothing is cut before.
func TestExpiryCutsStreams(t *testing.T) {
	for what, c := range map[string]struct {
		terms  live.Terms
		begin  func(*live.Tie)
		stream bool
	}{
		"stream":                 {live.Terms{}, func(t *live.Tie) { t.Begin(true) }, true},
		"stream, passive":        {live.Terms{Passive: true}, func(t *live.Tie) { t.Begin(true) }, true},
		"long poll":              {live.Terms{Waits: true}, func(*live.Tie) {}, true},
		"long poll, passive":     {live.Terms{Waits: true, Passive: true}, func(*live.Tie) {}, true},
		"answer to a script":     {live.Terms{Waits: true}, func(t *live.Tie) { t.Begin(false) }, false},
		"answer, passive":        {live.Terms{Waits: true, Passive: true}, func(t *live.Tie) { t.Begin(false) }, false},
		"download that stands":   {live.Terms{}, func(t *live.Tie) { t.Move(); t.Begin(false) }, false},
		"answer is yet to begin": {live.Terms{}, func(*live.Tie) {}, false},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				token := h.login("u-1")
				tie := h.tie(token, c.terms)
				began := time.Now()
				c.begin(tie)
				end := time.Hour
				if c.terms == (live.Terms{}) {
					// A use of the session some time later counts for what runs already.
					time.Sleep(10 * time.Minute)
					h.tie(token, live.Terms{}).Release()
					end += 10 * time.Minute
				}
				time.Sleep(time.Until(began.Add(end)) - time.Millisecond)
				synctest.Wait()
				if tie.Err() != nil {
					t.Fatal("cut before the session's time is over")
				}
				time.Sleep(time.Second)
				synctest.Wait()
				h.over(token)
				if got := tie.IsCut(); got != c.stream || tie.Move() == c.stream {
					t.Fatalf("cut: %t", got)
				}
				if c.stream && !errors.Is(context.Cause(tie), live.ErrExpired) {
					t.Errorf("cut because of %v", context.Cause(tie))
				}
				time.Sleep(time.Minute)
				tie.Release()
				time.Sleep(time.Minute)
				if got := h.Watched(); got != 0 {
					t.Errorf("%d sessions are still looked at", got)
				}
			})
		})
	}
}

// TestBytesInFlightAreUse: as long as a transfer moves its person is not idle, and from
// then on they are; the store learns of it once a second at most.
func TestBytesInFlightAreUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		token := h.login("u-1")
		tie := h.tie(token, live.Terms{})
		began := time.Now()
		tie.Begin(false)
		for time.Since(began) < 2*time.Hour {
			time.Sleep(90 * time.Millisecond)
			if !tie.Move() {
				t.Fatal("cut")
			}
		}
		last := time.Now()
		if got := h.probe.touches.Load(); got > 2*60*60+1 {
			t.Errorf("%d writes in two hours", got)
		}
		time.Sleep(58 * time.Minute)
		if _, _, err := h.Look(t.Context(), token, portal, limits, time.Now()); err != nil {
			t.Errorf("idle %s after the last byte: %v", time.Since(last), err)
		}
		time.Sleep(2*time.Minute + time.Second)
		h.over(token)
		if !tie.Move() {
			t.Error("a transfer that stood for an hour is cut")
		}
		time.Sleep(time.Minute)
		h.over(token)
	})
}

// TestTransferOutlivesLifetime, which nothing extends, and finishes.
func TestTransferOutlivesLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		token := h.login("u-1")
		tie, poll := h.tie(token, live.Terms{}), h.tie(token, live.Terms{})
		poll.Begin(true)
		for range 13 * 60 {
			time.Sleep(time.Minute)
			tie.Move()
		}
		h.over(token)
		if tie.IsCut() || !poll.IsCut() {
			t.Errorf("transfer cut: %t, stream cut: %t", tie.IsCut(), poll.IsCut())
		}
	})
}

// TestStreamsAreNoUse unless the app says so, whatever they move; nor is what moves on
// passive paths.
func TestStreamsAreNoUse(t *testing.T) {
	for what, c := range map[string]struct {
		terms live.Terms
		begin bool
		use   bool
	}{
		"stream":            {live.Terms{}, true, false},
		"active stream":     {live.Terms{Active: true}, true, true},
		"passive stream":    {live.Terms{Active: true, Passive: true}, true, false},
		"passive transfer":  {live.Terms{Passive: true}, false, false},
		"transfer":          {live.Terms{}, false, true},
		"transfer, active":  {live.Terms{Active: true}, false, true},
		"poll that answers": {live.Terms{Waits: true}, false, true},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				token := h.login("u-1")
				tie := h.tie(token, c.terms)
				tie.Begin(c.begin)
				for range 3 * 60 {
					time.Sleep(time.Minute)
					tie.Move()
				}
				if !c.use {
					h.over(token)
					return
				}
				tie.Release()
				time.Sleep(59 * time.Minute)
				if _, _, err := h.Look(t.Context(), token, portal, limits, time.Now()); err != nil {
					t.Errorf("it was no use: %v", err)
				}
				time.Sleep(2 * time.Minute)
				h.over(token)
			})
		})
	}
}

// TestActiveStreamsWriteLittle: a session that is in use by an open stream is not
// written more often than it must be.
func TestActiveStreamsWriteLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		tie := h.tie(h.login("u-1"), live.Terms{Active: true})
		tie.Begin(true)
		time.Sleep(time.Hour)
		if got := h.probe.touches.Load(); got > 6*60+2 {
			t.Errorf("%d writes in an hour", got)
		}
		tie.Release()
	})
}

// TestActiveStreamWithLittleTime: an open stream that is a use of the session is one also
// where sessions end after a few seconds without any.
func TestActiveStreamWithLittleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		token := h.login("u-1")
		short := session.Limits{Idle: 2 * time.Second, Lifetime: time.Hour}
		s, _, err := h.Find(t.Context(), token, portal, short, time.Now())
		must(t, err)
		tie := &live.Tie{Terms: live.Terms{Active: true, Limits: short}}
		if !s.TieTo(tie, t.Context()) {
			t.Fatal("no tie")
		}
		tie.Begin(true)
		for range 60 {
			time.Sleep(500 * time.Millisecond)
			if _, _, err := h.Look(t.Context(), token, portal, short, time.Now()); err != nil || tie.IsCut() {
				t.Fatalf("over: %v, cut: %t", err, tie.IsCut())
			}
		}
		tie.Release()
		time.Sleep(3 * time.Second)
		if _, _, err := h.Look(t.Context(), token, portal, short, time.Now()); !errors.Is(err, session.ErrNone) {
			t.Errorf("the session goes on: %v", err)
		}
	})
}

// TestDetachedOutlivesTheEnd: the request by which a person signs out is not cut by it.
func TestDetachedOutlivesTheEnd(t *testing.T) {
	h := open(t)
	token := h.login("u-1")
	leaving, other := h.tie(token, live.Terms{}), h.tie(token, live.Terms{})
	if !leaving.Detach() || leaving.Detach() {
		t.Error("a bond is dissolved once")
	}
	must(t, h.keeper.End(t.Context(), token.ID))
	if leaving.Err() != nil || !leaving.Move() {
		t.Error("cut")
	}
	if !errors.Is(context.Cause(other), live.ErrEnded) || other.Move() {
		t.Error("another request goes on")
	}
	leaving.Release()
	if leaving.Err() == nil {
		t.Error("a request that is over goes on")
	}
}
