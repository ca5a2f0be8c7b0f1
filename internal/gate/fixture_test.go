// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/house"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

const (
	portal    = "https://login.example.com"
	wiki      = "https://wiki.example.com"
	cookie    = "__Host-gatehouse"
	requestID = "req-1"
)

// door is a gate with everything real behind it.
type door struct {
	*gate.Gate
	house *house.House
	store *counted
	audit *notes
	anna  *identity.User
	tb    testing.TB
}

// newGate opens a house on a sealed memory store, with one user, and puts a gate
// into it. change, if there is one, changes the app before the gate is made ready.
func newGate(tb testing.TB, change ...func(*gate.App)) *door {
	tb.Helper()
	d := &door{store: &counted{Failing: storetest.Failing{Store: memstore.New()}}, audit: new(notes), tb: tb}
	key, err := seal.NewKey(make([]byte, seal.KeySize))
	d.must(err)
	d.house, err = house.Open(context.Background(), d.store, house.Options{
		Seal:   key,
		Users:  local.Options{Argon: local.Params{Memory: 8, Time: 1, Threads: 1}},
		Logger: zap.NewNop(),
	})
	d.must(err)
	ctx, leave := context.WithCancel(context.Background())
	tb.Cleanup(func() {
		leave()
		d.store.Break(nil)
		d.house.Close()
	})
	keys, err := d.house.Ring(ctx, keyring.Schedule{}, keyring.ES256)
	d.must(err)
	d.anna = d.user("anna", "staff")
	d.Gate = &gate.Gate{
		Portal:   portal,
		Live:     d.house.Live,
		Sessions: d.house.Sessions,
		Codes:    d.house.Codes,
		Tokens:   d.house.AccessTokens,
		Throttle: d.house.Throttle,
		Keys:     keys,
		Limits:   session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
		Audit:    d.audit,
		Tagger:   appcookie.NewTagger(key.Derive("app cookies")),
	}
	d.reload(change...)
	return d
}

// reload gives the gate a fresh app, as another configuration does.
func (d *door) reload(change ...func(*gate.App)) {
	d.tb.Helper()
	a := &gate.App{
		Name:    "wiki",
		Targets: handoff.Targets{target(wiki)},
		Policy:  rules(d.tb, policy.Rules{}),
		Headers: gate.Headers{
			JWT: "X-Gatehouse-Jwt", User: "Remote-User", Name: "Remote-Name", Email: "Remote-Email", Groups: "Remote-Groups",
			Expires:   "X-Gatehouse-Session-Expires",
			Separator: ",",
		},
		Signer:   keyring.Signer{Algorithm: keyring.ES256},
		Lifetime: time.Minute,
	}
	for _, c := range change {
		c(a)
	}
	for _, t := range a.Targets {
		a.Origins = append(a.Origins, t.Origin())
	}
	fresh := *d.Gate
	fresh.App = a
	d.Gate = &fresh
	d.Prepare()
}

// at puts an app on other addresses.
func at(addresses ...string) func(*gate.App) {
	return func(a *gate.App) {
		a.Targets = nil
		for _, address := range addresses {
			a.Targets = append(a.Targets, target(address))
		}
	}
}

func target(address string) handoff.Target {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return handoff.Target{App: "wiki", Base: u}
}

// public and allow are rules of an app.
func public(paths ...string) func(*gate.App) {
	return func(a *gate.App) { a.Policy = must(policy.Compile(policy.Rules{Public: paths})) }
}

func ruled(r policy.Rules) func(*gate.App) {
	return func(a *gate.App) { a.Policy = must(policy.Compile(r)) }
}

func rules(tb testing.TB, r policy.Rules) *policy.Policy {
	tb.Helper()
	p, err := policy.Compile(r)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (d *door) must(err error) {
	d.tb.Helper()
	if err != nil {
		d.tb.Fatal(err)
	}
}

// user makes an account with that name.
func (d *door) user(name string, groups ...string) *identity.User {
	d.tb.Helper()
	u, err := d.house.Users.Add(context.Background(), local.NewUser{
		Name: name, FullName: "The " + name, Email: name + "@example.com", Groups: groups, Password: "correct horse",
	})
	d.must(err)
	return u
}

// login starts a session for a user at the portal.
func (d *door) login(u *identity.User) *session.Session {
	d.tb.Helper()
	s, _, err := d.Sessions.Start(context.Background(), session.Login{
		UserID: u.ID, AMR: []string{"pwd"}, Origin: portal, Limits: d.Limits,
	}, time.Now())
	d.must(err)
	return s
}

// handOff carries a session to an origin and returns the token there.
func (d *door) handOff(s *session.Session, origin string) session.Token {
	d.tb.Helper()
	nonce := session.NewNonce()
	l, err := d.Codes.Redeem(context.Background(), d.code(s, nonce, origin, origin+"/"), origin, session.Presented{Token: nonce, OK: true}, time.Now())
	d.must(err)
	return l.Token
}

// code is what the portal gives a browser that holds the token at the origin.
func (d *door) code(s *session.Session, holds session.Token, origin, returnTo string) string {
	d.tb.Helper()
	code, err := d.Codes.Make(context.Background(), handoff.Offer{
		Session: s.ID, Origin: origin, Challenge: holds.Challenge(), ReturnTo: returnTo,
	}, time.Now())
	d.must(err)
	return code
}

// signIn signs anna in at the wiki.
func (d *door) signIn() (*session.Session, session.Token) {
	d.tb.Helper()
	s := d.login(d.anna)
	return s, d.handOff(s, wiki)
}

// ask is a GET as a script sends it; edits may make more of it.
func ask(address string, edits ...func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodGet, address, nil)
	for _, edit := range edits {
		edit(r)
	}
	return r
}

// with sets a header.
func with(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[name] = values }
}

// by sets the method.
func by(method string) func(*http.Request) { return func(r *http.Request) { r.Method = method } }

// holding adds our cookie for https.
func holding(t session.Token) func(*http.Request) { return with("Cookie", cookie+"="+t.Text()) }

// navigating is what a browser says when a person goes to a page.
func navigating(r *http.Request) {
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
}

// admit takes the request through the gate as the server hands it over, and sees
// to it that what was admitted is released, and what was not was answered.
func (d *door) admit(r *http.Request) (*gate.Pass, *httptest.ResponseRecorder) {
	d.tb.Helper()
	return d.admitAt(r, r.URL)
}

// admitAt is admit after a site has changed the path.
func (d *door) admitAt(r *http.Request, original *url.URL) (*gate.Pass, *httptest.ResponseRecorder) {
	d.tb.Helper()
	w := &recorder{ResponseRecorder: httptest.NewRecorder()}
	arrived := *original
	pass := d.Admit(w, r, gate.Arrival{Client: netip.MustParseAddr("192.0.2.7"), URL: &arrived, ID: requestID})
	switch {
	case pass != nil && w.wrote:
		d.tb.Errorf("%s %s: both answered and passed on", r.Method, r.URL)
	case pass == nil && !w.wrote:
		d.tb.Errorf("%s %s: neither answered nor passed on", r.Method, r.URL)
	case pass != nil:
		d.tb.Cleanup(pass.Release)
	}
	return pass, w.ResponseRecorder
}

// recorder knows whether there was an answer.
type recorder struct {
	*httptest.ResponseRecorder
	wrote bool
}

func (r *recorder) WriteHeader(status int) {
	r.wrote = true
	r.ResponseRecorder.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	return r.ResponseRecorder.Write(p)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseRecorder }

// passed fails the test unless the request was admitted.
func (d *door) passed(r *http.Request) *gate.Pass {
	d.tb.Helper()
	pass, w := d.admit(r)
	if pass == nil {
		d.tb.Fatalf("%s %s: answered %d, want it passed on", r.Method, r.URL, w.Code)
	}
	return pass
}

// answered fails the test unless the gate answered with the status and kept no
// cache from forgetting it.
func (d *door) answered(r *http.Request, status int) *httptest.ResponseRecorder {
	d.tb.Helper()
	pass, w := d.admit(r)
	switch {
	case pass != nil:
		d.tb.Fatalf("%s %s: passed on, want %d", r.Method, r.URL, status)
	case w.Code != status:
		d.tb.Fatalf("%s %s: answered %d, want %d\n%s", r.Method, r.URL, w.Code, status, w.Body)
	case w.Header().Get("Cache-Control") != "no-store":
		d.tb.Errorf("%s %s: Cache-Control %q, want no-store", r.Method, r.URL, w.Header().Get("Cache-Control"))
	}
	return w
}

// verify returns the claims of the assertion that the app receives.
func (d *door) verify(p *gate.Pass) keyring.Claims {
	d.tb.Helper()
	claims, err := d.Keys.Verify(p.Request.Header.Get("X-Gatehouse-Jwt"), portal, "wiki", []keyring.Algorithm{keyring.ES256}, time.Now())
	d.must(err)
	return claims
}

// cookieSet returns the value of our cookie after an answer, or "". Of several lines the
// last counts, as in a browser.
func cookieSet(w *httptest.ResponseRecorder) (value string) {
	for _, c := range w.Result().Cookies() {
		if session.Ours(c.Name) {
			value = c.Value
		}
	}
	return value
}

// unlabelled leaves out the cookies by which the gate knows whose the others are.
func unlabelled(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.Contains(line, "~") })
}

// notes keeps what was audited.
type notes struct {
	mu     sync.Mutex
	events []audit.Event
	fail   any // Record panics with it
}

func (n *notes) Record(e audit.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.fail != nil {
		panic(n.fail)
	}
	n.events = append(n.events, e)
}

// last returns the event noted last, as "kind: reason".
func (n *notes) last() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.events) == 0 {
		return ""
	}
	e := n.events[len(n.events)-1]
	return fmt.Sprintf("%s: %s", e.Kind, e.Reason)
}

// holds reports whether a secret was noted anywhere.
func (n *notes) holds(secret string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Contains(fmt.Sprintf("%+v", n.events), secret)
}

// counted is a store that counts what it is asked to change, and whose writes and
// reads can be made to fail.
type counted struct {
	storetest.Failing
	commits atomic.Int64
	blind   atomic.Bool // reads fail
}

func (c *counted) Commit(ctx context.Context, changes ...store.Change) error {
	c.commits.Add(1)
	return c.Failing.Commit(ctx, changes...)
}

func (c *counted) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	if c.blind.Load() {
		return store.Record{}, store.ErrUnavailable
	}
	return c.Failing.Get(ctx, kind, id)
}

func (c *counted) Document(ctx context.Context, name string) (store.Document, error) {
	if c.blind.Load() {
		return store.Document{}, store.ErrUnavailable
	}
	return c.Failing.Document(ctx, name)
}

// writes returns how many changes the store has been asked for.
func (d *door) writes() int64 { return d.store.commits.Load() }
