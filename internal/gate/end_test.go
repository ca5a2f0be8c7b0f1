// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/house"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// TestEndCutsWhatRuns: with the session ends every request under it, however long
// it has been open, and the copied cookie is worth nothing at once (threat 14).
func TestEndCutsWhatRuns(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	var open []*gate.Pass
	for range 3 {
		open = append(open, d.passed(ask(wiki+"/stream", holding(token))))
	}
	if got := open[0].Session.Running(); got != 3 {
		t.Errorf("%d requests run, want 3", got)
	}
	if err := d.Sessions.End(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	for _, p := range open {
		ctx := p.Request.Context()
		select {
		case <-ctx.Done():
		default:
			t.Fatal("a request goes on after its session's end")
		}
		if got := context.Cause(ctx); !errors.Is(got, live.ErrEnded) {
			t.Errorf("cut because of %v", got)
		}
		p.Release()
	}
	d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
}

// TestReleaseLeavesNothing: requests that are over hold on to nothing, in whatever
// order they end and however often they say so.
func TestReleaseLeavesNothing(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	var open []*gate.Pass
	for range 100 {
		open = append(open, d.passed(ask(wiki+"/", holding(token))))
	}
	s := open[0].Session
	for i := range open {
		p := open[(i*37)%len(open)]
		p.Release()
		p.Release()
		if p.Request.Context().Err() == nil {
			t.Fatal("the context of a request that is over goes on")
		}
	}
	if got := s.Running(); got != 0 {
		t.Errorf("%d requests still run", got)
	}
	// One that carries nobody has nothing to release.
	d.reload(public("/*"))
	d.passed(ask(wiki + "/")).Release()
}

// TestClientLeaves: the context of the request stays that of the client.
func TestClientLeaves(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	ctx, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
	p := d.passed(ask(wiki+"/", holding(token)).WithContext(ctx))
	if p.Request.Context().Value(key{}) != "kept" {
		t.Error("a value of the context is lost")
	}
	leave()
	if err := context.Cause(p.Request.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
}

type key struct{}

// TestSessionRunsOut by the stricter of the limits at login and of those that are
// configured now; a use keeps it from being idle.
func TestSessionRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t)
		_, token := d.signIn()
		get := func() *http.Request { return ask(wiki+"/", holding(token)) }
		for range 11 {
			time.Sleep(59 * time.Minute)
			d.passed(get()).Release()
		}
		time.Sleep(time.Hour)
		d.answered(get(), http.StatusUnauthorized)

		_, token = d.signIn()
		time.Sleep(10 * time.Minute)
		d.passed(get()).Release()
		time.Sleep(10 * time.Minute)
		d.Limits = session.Limits{Idle: 5 * time.Minute}
		d.answered(get(), http.StatusUnauthorized)
	})
}

// TestStoreFails: nobody is let through when it cannot be known who they are, and
// nobody is signed out on that account (threat 20). On a public path too: who asks
// for it with a cookie may be somebody who must not be there.
func TestStoreFails(t *testing.T) {
	d := newGate(t, public("/healthz"))
	_, token := d.signIn()
	d.store.blind.Store(true)
	for _, path := range []string{"/", "/healthz"} {
		for _, edits := range [][]func(*http.Request){{holding(token)}, {holding(token), navigating}} {
			w := d.answered(ask(wiki+path, edits...), http.StatusServiceUnavailable)
			if got := w.Header()["Set-Cookie"]; got != nil {
				t.Errorf("the cookie is changed: %q", got)
			}
		}
	}
	if w := d.answered(ask(wiki+"/", holding(token), navigating), http.StatusServiceUnavailable); w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if got := d.audit.last(); !strings.HasPrefix(got, "failure: ") || !strings.Contains(got, store.ErrUnavailable.Error()) {
		t.Errorf("audited %q", got)
	}
	if d.audit.holds(token.Text()) {
		t.Error("a token was audited")
	}
	// Who holds nothing is asked to sign in as ever.
	isClean(t, d.passed(ask(wiki+"/healthz")))
	d.store.blind.Store(false)
	d.passed(ask(wiki+"/", holding(token)))
}

// TestStoreFull: who is signed in goes on (threat 20).
func TestStoreFull(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	d.store.Break(store.ErrFull)
	d.passed(ask(wiki+"/", holding(token)))
}

// TestClientLeavesWhileTheStoreIsAsked is no failure that an operator must look at.
func TestClientLeavesWhileTheStoreIsAsked(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	d.answered(ask(wiki+"/", holding(token)).WithContext(ctx), http.StatusServiceUnavailable)
	if got := d.audit.last(); got != "" {
		t.Errorf("audited %q", got)
	}
}

// TestPanicDenies, wherever it happens, and leaves nothing behind (threat 36).
func TestPanicDenies(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	running := d.passed(ask(wiki+"/", holding(token)))
	for what, change := range map[string]func(g *gate.Gate){
		"policy":   func(g *gate.Gate) { g.App.Policy = nil },
		"sessions": func(g *gate.Gate) { g.Live = nil },
		"keys":     func(g *gate.Gate) { g.Keys = nil },
	} {
		t.Run(what, func(t *testing.T) {
			broken := *d
			broken.tb = t
			broken.reload()
			change(broken.Gate)
			w := broken.answered(ask(wiki+"/", holding(token)), http.StatusInternalServerError)
			if strings.Contains(w.Body.String(), "nil pointer") || !strings.Contains(w.Body.String(), requestID) {
				t.Errorf("the page is %q", w.Body)
			}
			if got := broken.audit.last(); !strings.HasPrefix(got, "failure: panic: ") {
				t.Errorf("audited %.60q", got)
			}
			if got := running.Session.Running(); got != 1 {
				t.Errorf("%d requests run, want 1", got)
			}
		})
	}
	t.Run("no address", func(t *testing.T) {
		w := httptest.NewRecorder()
		if d.Admit(w, ask(wiki+"/", holding(token)), gate.Arrival{}) != nil || w.Code != http.StatusInternalServerError {
			t.Errorf("answered %d", w.Code)
		}
	})
	t.Run("audit", func(t *testing.T) {
		d.audit.fail = "disk on fire"
		defer func() {
			if recover() == nil {
				t.Error("a request passed whose refusal could not be noted")
			}
		}()
		r := ask(wiki+"/", holding(token))
		r.URL.Path = "/../"
		d.admit(r)
	})
}

// TestUnsignableDenies: without an assertion nobody goes on, and the tie is gone.
func TestUnsignableDenies(t *testing.T) {
	d := newGate(t, func(a *gate.App) { a.Lifetime = 24 * time.Hour })
	_, token := d.signIn()
	d.answered(ask(wiki+"/", holding(token)), http.StatusServiceUnavailable)
	d.reload()
	p := d.passed(ask(wiki+"/", holding(token)))
	if got := p.Session.Running(); got != 1 {
		t.Errorf("%d requests run, want 1", got)
	}
}

// TestSealedFile: the whole walk over the store that people run, across a restart,
// and with the file closed under it (threat 20).
func TestSealedFile(t *testing.T) {
	d := newGate(t)
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	key, err := seal.NewKey(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	open := func() *house.House {
		file, err := boltstore.Open(path, boltstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h, err := house.Open(t.Context(), file, house.Options{
			Seal: key, Users: local.Options{Argon: local.Params{Memory: 8, Time: 1, Threads: 1}}, Logger: zap.NewNop(),
		})
		if err != nil {
			t.Fatal(err)
		}
		d.Live, d.Sessions, d.Codes = h.Live, h.Sessions, h.Codes
		d.house = h
		return h
	}
	memory := d.house
	t.Cleanup(func() { d.house = memory })
	h := open()
	d.anna = d.user("anna", "staff")
	s, token := d.signIn()
	d.passed(ask(wiki+"/", holding(token))).Release()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	h = open()
	p := d.passed(ask(wiki+"/", holding(token)))
	if p.Session.ID != s.ID || p.User.ID != d.anna.ID {
		t.Error("another session after the restart")
	}
	p.Release()
	if err := d.Sessions.End(t.Context(), s.ID); err != nil {
		t.Fatal(err)
	}
	_, token = d.signIn()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := ask(wiki+"/", holding(token))
	if d.Admit(w, r, gate.Arrival{Client: netip.Addr{}, URL: r.URL}) != nil || w.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d with the file closed", w.Code)
	}
}
