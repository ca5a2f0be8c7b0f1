// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/backchannel"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

// An app that is down across a restart of the gateway is told when it is back.
func TestAppDownAcrossARestart(t *testing.T) {
	path, address := place(t), unused(t)
	app := newApp("wiki", wiki, "http://"+address+"/logout")
	before := open(t, &kept{Store: file(t, path)}, quick, app).run()
	id := before.login(wiki)
	before.end(id)
	until(t, "a failure", func() bool { return before.stats("wiki").Failed > 0 })
	before.close()
	before.store.(*kept).Store.Close()

	tokens := make(chan string, 10)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { tokens <- r.PostFormValue("logout_token") }))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)

	after := open(t, file(t, path), quick, app).run()
	if said := verify(t, after.ring.JWKS(), <-tokens, "wiki"); said.SessionID != id.String() {
		t.Errorf("told of %s", said.SessionID)
	}
	until(t, "an empty queue", func() bool { return after.queued() == 0 })
}

// kept is a store that is closed by the test, so that a node which is opened twice
// in one test may be closed twice.
type kept struct{ store.Store }

func (*kept) Close() error { return nil }

// The process dies after it has stored an end and before it has called anybody:
// the end and what is to be told of it are in the file together.
func TestCrashAfterTheEnd(t *testing.T) {
	path := place(t)
	w := listen(t, "wiki", wiki, nil)
	before := open(t, &kept{Store: file(t, path)}, patient, w.App) // it never sends
	id := before.login(wiki)
	before.end(id)
	before.store.(*kept).Store.Close()
	if len(w.calls()) != 0 {
		t.Fatal("sent already")
	}
	after := open(t, file(t, path), patient, w.App).run()
	until(t, "a call", func() bool { return len(w.calls()) == 1 })
	if said := verify(t, after.ring.JWKS(), w.calls()[0].token(), "wiki"); said.SessionID != id.String() {
		t.Errorf("told of %s", said.SessionID)
	}
}

// The process dies while the app is being told. It cannot be known whether the app
// has understood, so it is told again, with another token.
func TestCrashWhileTelling(t *testing.T) {
	path := place(t)
	hang := make(chan struct{})
	var hangs atomic.Bool
	hangs.Store(true)
	w := listen(t, "wiki", wiki, func(http.ResponseWriter, *http.Request) {
		if hangs.Load() {
			<-hang
		}
	})
	defer close(hang)
	before := open(t, &kept{Store: file(t, path)}, quick, w.App).run()
	before.end(before.login(wiki))
	until(t, "a call", func() bool { return len(w.calls()) == 1 })
	before.close()
	before.store.(*kept).Store.Close()
	if s := before.stats("wiki"); s.Told+s.Refused+s.Lost > 0 {
		t.Errorf("%+v", s)
	}

	hangs.Store(false)
	after := open(t, file(t, path), quick, w.App).run()
	until(t, "an empty queue", func() bool { return after.queued() == 0 && len(w.calls()) == 2 })
	first, second := w.calls()[0].token(), w.calls()[1].token()
	if verify(t, after.ring.JWKS(), first, "wiki").ID == verify(t, after.ring.JWKS(), second, "wiki").ID {
		t.Error("one token for two calls")
	}
}

// An end that the store did not take is refused, retried and told, as if nothing
// had been in the way.
func TestEndThatIsRetriedIsTold(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	failing := &storetest.Failing{Store: memstore.New()}
	n := open(t, failing, patient, w.App).run()
	id := n.login(wiki)
	failing.Break(store.ErrFull)
	if err := n.keeper.End(t.Context(), id); !errors.Is(err, live.ErrEnding) {
		t.Fatalf("got %v, want ErrEnding", err)
	}
	if !n.live.IsEnding(id) || n.queued() != 0 {
		t.Error("not refused, or queued before the end")
	}
	failing.Break(nil)
	until(t, "a call", func() bool { return len(w.calls()) == 1 && n.queued() == 0 })
	if len(n.live.Ending()) != 0 {
		t.Error("still ending")
	}
}

// An end that is stored only while everything stops, when no configuration is in
// use any more, is told after the next start.
func TestEndThatIsStoredWhileStopping(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	disk := memstore.New()
	failing := &storetest.Failing{Store: &kept{disk}}
	configuration, stopped := context.WithCancel(t.Context())
	before := open(t, failing, patient)
	before.use(configuration, w.App)
	id := before.login(wiki)
	failing.Break(store.ErrUnavailable)
	if err := before.keeper.End(t.Context(), id); !errors.Is(err, live.ErrEnding) {
		t.Fatal(err)
	}
	stopped()
	failing.Break(nil)
	before.close()
	open(t, disk, patient, w.App).run()
	until(t, "a call", func() bool { return len(w.calls()) == 1 })
}

// answerLost is a store whose answer to the end of a session does not arrive, as
// when the line to it breaks: the commit has happened, and nobody knows.
type answerLost struct {
	store.Store
	once sync.Once
}

func (s *answerLost) Commit(ctx context.Context, changes ...store.Change) error {
	err := s.Store.Commit(ctx, changes...)
	for _, c := range changes {
		if d, ok := c.(store.Delete); ok && d.Kind == session.Kind {
			s.once.Do(func() { err = store.ErrUnavailable })
		}
	}
	return err
}

// An end whose answer was lost is told by whoever looks into the store next.
func TestEndWithoutAnswerIsTold(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	disk := memstore.New()
	before := open(t, &kept{&answerLost{Store: disk}}, patient, w.App)
	id := before.login(wiki)
	if err := before.keeper.End(t.Context(), id); !errors.Is(err, live.ErrEnding) {
		t.Fatal(err)
	}
	before.close()
	after := open(t, disk, patient, w.App).run()
	until(t, "one call", func() bool { return len(w.calls()) == 1 && after.queued() == 0 })
}

// latecomer brings a session to one more app while its end is on its way.
type latecomer struct {
	store.Store
	between func()
	once    sync.Once
}

func (s *latecomer) Commit(ctx context.Context, changes ...store.Change) error {
	for _, c := range changes {
		if d, ok := c.(store.Delete); ok && d.Kind == session.Kind {
			s.once.Do(s.between)
		}
	}
	return s.Store.Commit(ctx, changes...)
}

// Attack: a hand-off that ends at the same moment as the session. The app that it
// reached is told as well.
func TestHandoffDuringTheEnd(t *testing.T) {
	w, x := listen(t, "wiki", wiki, nil), listen(t, "tickets", tickets, nil)
	late := &latecomer{Store: memstore.New()}
	n := open(t, late, patient, w.App, x.App).run()
	id := n.login(wiki)
	late.between = func() {
		other := &session.Keeper{Store: late.Store}
		code := store.Record{Kind: "code", ID: store.NewID(time.Now())}
		if err := late.Store.Commit(t.Context(), store.Put{Record: code}); err != nil {
			t.Error(err)
		}
		if _, err := other.Attach(t.Context(), id, tickets, store.Delete{Kind: code.Kind, ID: code.ID}, time.Now()); err != nil {
			t.Error(err)
		}
	}
	n.end(id)
	until(t, "both", func() bool { return len(w.calls()) == 1 && len(x.calls()) == 1 && n.queued() == 0 })
}

// A commit that conflicts for another reason does not become an endless loop, and
// tells nobody.
func TestConflictIsNotOurs(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	n := open(t, memory(), patient, w.App).run()
	id := n.login(wiki)
	doc := store.Document{Name: "user/x", Data: []byte("1")}
	if err := n.store.Commit(t.Context(), store.PutDocument{Document: doc}); err != nil {
		t.Fatal(err)
	}
	err := n.live.Commit(t.Context(), store.PutDocument{Document: doc}, store.Delete{Kind: session.Kind, ID: id})
	if !errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if err := n.live.Commit(t.Context(), store.Delete{Kind: session.Kind, ID: id, Version: 77}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if n.queued() != 0 {
		t.Error("queued, though nothing has ended")
	}
	if _, err := n.keeper.Get(t.Context(), id); err != nil {
		t.Errorf("the session is gone: %v", err)
	}
}

// A session that cannot be read any more can still be ended.
func TestDamagedSessionEnds(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	n := open(t, memory(), patient, w.App).run()
	damaged := store.Record{Kind: session.Kind, ID: store.NewID(time.Now()), Owner: person, Payload: []byte("{")}
	if err := n.store.Commit(t.Context(), store.Put{Record: damaged}); err != nil {
		t.Fatal(err)
	}
	n.end(damaged.ID)
	if _, err := n.store.Get(t.Context(), session.Kind, damaged.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
	if len(n.errors) == 0 {
		t.Error("nobody learned that the apps are not told")
	}
}

// A message that cannot be read does not hold up the others.
func TestDamagedMessage(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	disk := memstore.New()
	damaged := store.Record{Kind: backchannel.Kind, ID: store.NewID(time.Now()), Payload: []byte("{")}
	if err := disk.Commit(t.Context(), store.Put{Record: damaged}); err != nil {
		t.Fatal(err)
	}
	n := open(t, disk, patient, w.App)
	n.end(n.login(wiki))
	n.run()
	until(t, "an empty queue", func() bool { return len(w.calls()) == 1 && n.queued() == 0 })
}

// An app that is gone for good costs little and not for ever: the pauses grow, its
// messages are given up after a day, and each of both is told to the operator.
func TestDeadAppIsGivenUp(t *testing.T) {
	address := unused(t)
	synctest.Test(t, func(t *testing.T) {
		n := open(t, memstore.New(), backchannel.Limits{}, newApp("wiki", wiki, "http://"+address)).run()
		for range 20 {
			n.end(n.login(wiki))
		}
		time.Sleep(10 * time.Second)
		if s := n.stats("wiki"); s.Failed < 3 || s.Failed > 7 { // up to four at once at first
			t.Errorf("%d attempts in 10 s: an app that is just restarting is to be told soon", s.Failed)
		}
		time.Sleep(23 * time.Hour)
		if n.queued() != 20 {
			t.Errorf("%d queued after 23 h, want 20", n.queued())
		}
		if s := n.stats("wiki"); s.Failed < 90 || s.Failed > 180 || s.Failing < 90 {
			t.Errorf("%d attempts in 23 h, want some 110: one every 10 to 15 min", s.Failed)
		}
		time.Sleep(3 * time.Hour)
		if s := n.stats("wiki"); n.queued() != 0 || s.Waiting != 0 || s.Lost != 20 {
			t.Errorf("%d queued after 26 h, %+v", n.queued(), s)
		}
		lost := 0
		for _, e := range n.recorded(audit.BackchannelFailed) {
			lost += max(e.Count, 1)
		}
		if lost != 20 || len(n.recorded(audit.BackchannelDelayed)) > 200 {
			t.Errorf("%d told as lost, %d lines", lost, len(n.recorded(audit.BackchannelDelayed)))
		}
		n.close()
	})
}

// While the store is full nobody is told twice for it, and afterwards all are told.
func TestFullStore(t *testing.T) {
	w := listen(t, "wiki", wiki, nil)
	failing := &storetest.Failing{Store: memstore.New()}
	n := open(t, failing, backchannel.Limits{Timeout: 2 * time.Second, Retry: time.Millisecond}, w.App)
	for range 100 {
		n.end(n.login(wiki))
	}
	failing.Break(store.ErrFull)
	n.run()
	until(t, "an error", func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return len(n.errors) > 0
	})
	if len(w.calls()) != 0 {
		t.Error("told without a claim")
	}
	failing.Break(nil)
	until(t, "an empty queue", func() bool { return n.queued() == 0 })
	if len(w.calls()) != 100 {
		t.Errorf("%d calls, want 100", len(w.calls()))
	}
	if len(n.errors) > 50 {
		t.Errorf("%d errors for one cause", len(n.errors))
	}
}
