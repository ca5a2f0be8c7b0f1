// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"iter"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/house"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

// The addresses of the fixture, on which [httptest.Server.Client] finds its server.
const (
	origin  = "https://login.example.com"
	wiki    = "https://wiki.example.com"
	tickets = "https://apps.example.com/tickets"

	cookieName  = "__Host-gatehouse"
	browserName = "__Host-gatehouse-browser"
)

// The people of the fixture.
const (
	anna     = "anna"
	bert     = "bert"
	password = "correct horse battery"
)

// disk is a store of which reads can be made to fail, too.
type disk struct {
	*storetest.Failing
	// gone makes everything fail, as if the store could not be reached.
	gone atomic.Bool
}

var errGone = fmt.Errorf("%w: the disk was pulled", store.ErrUnavailable)

func (d *disk) pull()   { d.gone.Store(true); d.Break(errGone) }
func (d *disk) plugIn() { d.gone.Store(false); d.Break(nil) }

func (d *disk) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	if d.gone.Load() {
		return store.Record{}, errGone
	}
	return d.Failing.Get(ctx, kind, id)
}

func (d *disk) Document(ctx context.Context, name string) (store.Document, error) {
	if d.gone.Load() {
		return store.Document{}, errGone
	}
	return d.Failing.Document(ctx, name)
}

func (d *disk) Documents(ctx context.Context, prefix string) iter.Seq2[store.Document, error] {
	if d.gone.Load() {
		return func(yield func(store.Document, error) bool) { yield(store.Document{}, errGone) }
	}
	return d.Failing.Documents(ctx, prefix)
}

func (d *disk) Add(ctx context.Context, name string, n int, window time.Duration) (int, error) {
	if d.gone.Load() {
		return 0, errGone
	}
	return d.Failing.Add(ctx, name, n, window)
}

// kept survives the end of one house and the beginning of the next.
type kept struct {
	store.Store
}

func (kept) Close() error { return nil }

// town is a portal with everything real behind it.
type town struct {
	t       *testing.T
	portal  *portal.Portal
	house   *house.House
	disk    *disk
	raw     *memstore.Store
	key     *seal.Key
	serve   http.Handler
	through http.RoundTripper
	secrets *secrets
}

// newPortal returns a portal that is served over https.
func newPortal(t *testing.T, changes ...func(*portal.Portal)) *town {
	t.Helper()
	w := newTown(t, memstore.New(), newKey(t), changes...)
	server := httptest.NewUnstartedServer(w.serve)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that a client did not need after all
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport)
	transport.MaxIdleConnsPerHost = 64
	w.through = transport
	return w
}

// newTown returns a portal without a server, for tests in which the clock is made.
func newTown(t *testing.T, raw *memstore.Store, key *seal.Key, changes ...func(*portal.Portal)) *town {
	t.Helper()
	w := &town{t: t, raw: raw, key: key, secrets: &secrets{}}
	w.secrets.add(password)
	w.disk = &disk{Failing: &storetest.Failing{Store: kept{raw}}}
	core, logs := observer.New(zap.DebugLevel)
	opened, err := house.Open(t.Context(), w.disk, house.Options{
		Seal:     key,
		Users:    local.Options{Argon: local.Params{Memory: 8, Time: 1, Threads: 1}},
		Throttle: century(),
		Logger:   zap.New(core),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		if err := opened.Close(); err != nil {
			t.Errorf("closing the house: %v", err)
		}
		var lines []string
		for _, line := range logs.All() {
			lines = append(lines, line.Message+fmt.Sprint(line.ContextMap()))
		}
		w.secrets.check(t, lines)
	})
	w.house = opened
	ring, err := opened.Ring(ctx, keyring.Schedule{})
	if err != nil {
		t.Fatal(err)
	}
	w.portal = &portal.Portal{
		Origin: origin,
		Apps: []portal.App{
			{Name: "wiki", Target: target("wiki", wiki), Policy: rules(t)},
			{Name: "tickets", Target: target("tickets", tickets), Policy: rules(t, policy.Rule{Groups: []string{"staff"}})},
		},
		Targets:  handoff.Targets{target("wiki", wiki), target("tickets", tickets)},
		Source:   opened.Users,
		Throttle: opened.Throttle,
		Known: func(ctx context.Context, name string) bool {
			_, err := opened.Users.ByName(ctx, name)
			return err == nil
		},
		Live:     opened.Live,
		Sessions: opened.Sessions,
		Codes:    opened.Codes,
		Arrivals: opened.Arrivals,
		Limits:   session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
		Users:    opened.Users,
		Tokens:   opened.AccessTokens,
		Setup:    &portal.Setup{Store: opened.Live, Users: opened.Users},
		Keys:     ring,
		Seal:     key,
		Healthy:  opened.Healthy,
		Audit:    w.secrets,
	}
	for _, change := range changes {
		change(w.portal)
	}
	w.portal.Prepare()
	var requests atomic.Int64
	w.serve = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		client, err := netip.ParseAddr(r.Header.Get("Test-Client"))
		if err != nil {
			client = netip.MustParseAddr("192.0.2.7")
		}
		w.portal.Serve(rw, r, portal.Arrival{Client: client, ID: fmt.Sprintf("req-%d", requests.Add(1))})
	})
	w.through = direct{w.serve}
	return w
}

// again returns a portal over the same store, as after a restart.
func (w *town) again(changes ...func(*portal.Portal)) *town {
	w.t.Helper()
	return newTown(w.t, w.raw, w.key, changes...)
}

func newKey(t *testing.T) *seal.Key {
	t.Helper()
	raw := make([]byte, 32)
	rand.Read(raw)
	key, err := seal.NewKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// century returns the usual limits in a window that does not end during a test.
func century() throttle.Limits {
	limits := throttle.Defaults()
	const window = 100 * 365 * 24 * time.Hour
	limits.Name.Window, limits.Address.Window, limits.Browser.Window = window, window, window
	return limits
}

func target(app, at string) handoff.Target {
	base, err := url.Parse(at)
	if err != nil {
		panic(err)
	}
	return handoff.Target{App: app, Base: base}
}

func rules(t *testing.T, all ...policy.Rule) *policy.Policy {
	t.Helper()
	p, err := policy.Compile(policy.Rules{Rules: all})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// add makes a user with the password of all.
func (w *town) add(name string, groups ...string) *identity.User {
	w.t.Helper()
	u, err := w.house.Users.Add(w.t.Context(), local.NewUser{Name: name, Password: password, Groups: groups})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// sessions returns the sessions of everybody that the store holds.
func (w *town) sessions() []store.ID { return w.records(session.Kind) }

func (w *town) records(kind store.Kind) (ids []store.ID) {
	w.t.Helper()
	for record, err := range w.raw.List(w.t.Context(), kind, store.Filter{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, record.ID)
	}
	return ids
}

// browser returns a fresh one, which follows no redirect by itself.
func (w *town) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w.t, w, &http.Client{
		Transport:     w.through,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// browser is somebody's, with its cookies.
type browser struct {
	t      *testing.T
	town   *town
	client *http.Client
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// cookie returns the Set-Cookie line of that name, or nothing.
func (a *answer) cookie(name string) *http.Cookie {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (a *answer) location() string { return a.header.Get("Location") }

// do sends a request as a browser does: header pairs replace what it says of itself.
func (b *browser) do(method, address string, body io.Reader, headers ...string) *answer {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = origin + address
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range response.Cookies() {
		b.town.secrets.add(c.Value)
	}
	return &answer{response.StatusCode, response.Header, string(text)}
}

func (b *browser) get(address string, headers ...string) *answer {
	b.t.Helper()
	return b.do(http.MethodGet, address, nil, headers...)
}

func (b *browser) post(address string, form url.Values, headers ...string) *answer {
	b.t.Helper()
	return b.do(http.MethodPost, address, strings.NewReader(form.Encode()), headers...)
}

// login sends the form of the sign-in page.
func (b *browser) login(name, password string, headers ...string) *answer {
	b.t.Helper()
	return b.post("/login", url.Values{"username": {name}, "password": {password}}, headers...)
}

// signIn signs in, which must work.
func (b *browser) signIn(name string) {
	b.t.Helper()
	if a := b.login(name, password); a.status != http.StatusSeeOther || a.cookie(cookieName) == nil {
		b.t.Fatalf("signing in as %s: %d %s", name, a.status, a.body)
	}
}

// token returns what the browser's cookie of that name holds.
func (b *browser) token(name string) string {
	b.t.Helper()
	at, err := url.Parse(origin)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// plant puts a cookie into the browser.
func (b *browser) plant(name, value string) {
	b.t.Helper()
	at, err := url.Parse(origin)
	if err != nil {
		b.t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// signedIn reports whether the browser sees the apps, and as whom.
func (b *browser) signedIn() (name string, yes bool) {
	b.t.Helper()
	a := b.get("/")
	switch {
	case a.status == http.StatusSeeOther && strings.HasPrefix(a.location(), origin+"/login"):
		return "", false
	case a.status != http.StatusOK:
		b.t.Fatalf("the apps: %d %s", a.status, a.body)
	}
	_, after, _ := strings.Cut(a.body, "Signed in as </span><bdi>")
	name, _, _ = strings.Cut(after, "</bdi>")
	return name, true
}

// direct is a transport without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	in.Header = r.Header.Clone()
	recorder := httptest.NewRecorder()
	d.ServeHTTP(recorder, in)
	return recorder.Result(), nil
}

// secrets is an audit sink in which nothing may appear that a client keeps to itself.
type secrets struct {
	mu     sync.Mutex
	known  []string
	events []audit.Event
}

func (s *secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(secret) > 7 {
		s.known = append(s.known, secret)
	}
}

func (s *secrets) Record(e audit.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

// of returns the events of a kind.
func (s *secrets) of(kind audit.Kind) (events []audit.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Kind == kind {
			events = append(events, e)
		}
	}
	return events
}

// check fails the test when a secret stands in an event or in one of the texts.
func (s *secrets) check(t *testing.T, texts []string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		texts = append(texts, fmt.Sprintf("%+v", e))
	}
	for _, text := range texts {
		for _, secret := range s.known {
			if strings.Contains(text, secret) {
				t.Errorf("a secret is in the log: %s", text)
			}
		}
	}
}

func edit(groups *[]string) local.Edit { return local.Edit{Groups: groups} }
