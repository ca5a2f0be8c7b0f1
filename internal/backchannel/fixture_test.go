// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/backchannel"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const (
	portal  = "https://login.example.com"
	wiki    = "https://wiki.example.com"
	tickets = "https://tickets.example.com"
	person  = "u-1"
)

// patient are the real limits, for tests in which nothing fails.
var patient = backchannel.Limits{}

// soon are limits with which a test need not wait for the attempt after a failure, and on
// which a slow machine is none.
var soon = backchannel.Limits{Retry: time.Millisecond, RetryMost: time.Millisecond}

// quick are those for tests that wait for a time to pass: how long an app may take, or a
// message belongs to who has begun to send it.
var quick = backchannel.Limits{Timeout: 500 * time.Millisecond, Retry: time.Millisecond, RetryMost: time.Millisecond}

// node is one gateway above a store: sessions in memory, and the sender.
type node struct {
	t       testing.TB
	store   store.Store
	sender  *backchannel.Sender
	live    *live.Live
	keeper  *session.Keeper
	ring    *keyring.Ring
	running context.CancelFunc
	done    chan struct{}

	mu     sync.Mutex
	events []audit.Event
	errors []error
}

// open starts a node that sends nothing yet.
func open(t testing.TB, s store.Store, limits backchannel.Limits, apps ...backchannel.App) *node {
	t.Helper()
	n := &node{t: t, store: s}
	n.sender = backchannel.New(s, backchannel.Options{Limits: limits, OnError: n.failed})
	n.live = live.New(n.sender.Outbox(), live.Options{
		User:    func(_ context.Context, id string) (*identity.User, error) { return &identity.User{ID: id}, nil },
		OnError: n.failed,
	})
	n.keeper = &session.Keeper{Store: n.live}
	var err error
	if n.ring, err = keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	if len(apps) > 0 {
		n.use(t.Context(), apps...)
	}
	t.Cleanup(func() { n.close() })
	return n
}

func (n *node) use(ctx context.Context, apps ...backchannel.App) {
	n.t.Helper()
	if err := n.sender.Use(ctx, backchannel.Config{Issuer: portal, Keys: n.ring, Apps: apps, Audit: n}); err != nil {
		n.t.Fatal(err)
	}
}

// run begins to send.
func (n *node) run() *node {
	ctx, cancel := context.WithCancel(context.Background())
	n.running, n.done = cancel, make(chan struct{})
	go func() {
		defer close(n.done)
		n.sender.Run(ctx)
	}()
	return n
}

// close stops the node and closes its store.
func (n *node) close() {
	if n.running != nil {
		n.running()
		<-n.done
		n.running = nil
	}
	if err := n.live.Close(); err != nil {
		n.t.Error(err)
	}
}

// Record implements audit.Sink.
func (n *node) Record(e audit.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, e)
}

func (n *node) failed(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.errors = append(n.errors, err)
}

// recorded returns the events of a kind.
func (n *node) recorded(kind audit.Kind) []audit.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.events), func(e audit.Event) bool { return e.Kind != kind })
}

// login starts a session that has reached these origins.
func (n *node) login(origins ...string) store.ID {
	n.t.Helper()
	s, _, err := n.keeper.Start(n.t.Context(), session.Login{UserID: person, Origin: portal}, time.Now())
	if err != nil {
		n.t.Fatal(err)
	}
	for _, origin := range origins {
		n.reach(s.ID, origin)
	}
	return s.ID
}

// reach brings a session to one more origin.
func (n *node) reach(id store.ID, origin string) {
	n.t.Helper()
	code := store.Record{Kind: "code", ID: store.NewID(time.Now())}
	if err := n.store.Commit(n.t.Context(), store.Put{Record: code}); err != nil {
		n.t.Fatal(err)
	}
	if _, err := n.keeper.Attach(n.t.Context(), id, origin, store.Delete{Kind: code.Kind, ID: code.ID}, time.Now()); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) end(id store.ID) {
	n.t.Helper()
	if err := n.keeper.End(n.t.Context(), id); err != nil {
		n.t.Fatal(err)
	}
}

// queued counts the messages in the store.
func (n *node) queued() (count int) {
	n.t.Helper()
	for _, err := range n.store.List(n.t.Context(), backchannel.Kind, store.Filter{}) {
		if err != nil {
			n.t.Fatal(err)
		}
		count++
	}
	return count
}

// stats returns how it goes with an app.
func (n *node) stats(app string) backchannel.Stats {
	for _, s := range n.sender.Stats() {
		if s.App == app {
			return s
		}
	}
	return backchannel.Stats{App: app}
}

// until waits for something that a goroutine or another process does.
func until(t testing.TB, what string, happened func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !happened() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// app is an app that listens, and what it was told.
type app struct {
	backchannel.App
	server *httptest.Server

	mu   sync.Mutex
	told []call
}

type call struct {
	request *http.Request
	form    map[string][]string
}

// listen starts an app; answer may be nil for one that says 200.
func listen(t testing.TB, name, origin string, answer http.HandlerFunc) *app {
	a := &app{}
	a.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		a.mu.Lock()
		a.told = append(a.told, call{r, r.PostForm})
		a.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	a.server.Config.ErrorLog = quiet()
	a.server.Start()
	t.Cleanup(a.server.Close)
	a.App = newApp(name, origin, a.server.URL+"/logged-out?via=gatehouse")
	return a
}

func newApp(name, origin, url string) backchannel.App {
	return backchannel.App{Name: name, URL: url, Origins: []string{origin}, Signer: keyring.Signer{Algorithm: keyring.ES256}}
}

func (a *app) calls() []call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.told)
}

// token returns the logout token of a call.
func (c call) token() string { return strings.Join(c.form["logout_token"], " and ") }

// file opens the store file of a test, as a process does that has just started.
func file(t testing.TB, path string) store.Store {
	t.Helper()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func place(t testing.TB) string { return filepath.Join(t.TempDir(), "gatehouse.db") }

func memory() store.Store { return memstore.New() }
