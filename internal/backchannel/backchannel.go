// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package backchannel tells apps that a session has ended, by OpenID Connect
// Back-Channel Logout 1.0, so that an app which keeps sessions of its own ends
// them too. It owns the queue of what is still to be told, which is written in the
// very commit that ends a session ([Sender.Outbox]), and the sending.
//
// The person who signs out waits for that commit and for no app. An app is told at
// least once; one that does not answer is tried again, across restarts, until it
// does or the message is too old. Apps are told at the addresses that the operator
// has configured and at no other: the queue holds names of apps, not addresses.
//
// What a session is belongs to package session, the form of the token to package
// keyring.
package backchannel

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store"
)

// App is an app that wants to be told.
type App struct {
	// Name is the app's name, the audience of its tokens.
	Name string
	// URL is where it is told, absolute, with a query or without.
	URL string
	// Origins are where it lives. It is told of the sessions that had a token for
	// one of them; apps that share a host are each told.
	Origins []string
	// Signer is the one of its assertions.
	Signer keyring.Signer
}

// Config is what one configuration brings along. All of it is needed.
type Config struct {
	// Issuer is the portal's URL.
	Issuer string
	Keys   *keyring.Ring
	Apps   []App
	// Audit learns of each app that does not answer, or will not be told.
	Audit audit.Sink
}

// Options are settings of a Sender. The zero value works.
type Options struct {
	Limits Limits
	// OnError is told of errors of the store. Nil drops them.
	OnError func(error)
}

// Sender tells apps of sessions that have ended. It lives as long as the store,
// longer than a configuration. Its methods may be called from many goroutines.
type Sender struct {
	store   store.Store
	limits  Limits
	onError func(error)
	client  *client
	wake    chan struct{}

	mu sync.Mutex
	// inUse are the configurations in use; the last one counts. Once there was one,
	// it is never empty.
	inUse []*configured
	lanes map[string]*lane
	// known are the messages in memory, those on their way included.
	known map[store.ID]struct{}
	// onTheWay counts the requests that run, by host.
	onTheWay map[string]int
	turn     int
}

// configured is a Config, and the hosts of its apps.
type configured struct {
	Config
	hosts []string
	ended bool
}

// New returns a Sender that keeps its queue in s. What ends sessions must go
// through its [Sender.Outbox], and [Sender.Run] must run.
func New(s store.Store, o Options) *Sender {
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	limits := o.Limits.orDefaults()
	return &Sender{
		store:    s,
		limits:   limits,
		onError:  o.OnError,
		client:   newClient(limits.Timeout),
		wake:     make(chan struct{}, 1),
		lanes:    make(map[string]*lane),
		known:    make(map[store.ID]struct{}),
		onTheWay: make(map[string]int),
	}
}

// Use makes a configuration the one that counts until ctx ends; then the one
// before it does again. The last of all counts on until there is another, for the
// ends that are stored while everything stops. The error names an app whose URL is
// none.
func (s *Sender) Use(ctx context.Context, c Config) error {
	fresh := &configured{Config: c}
	for _, app := range c.Apps {
		u, err := url.Parse(app.URL)
		if err != nil || u.Host == "" {
			return fmt.Errorf("app %q cannot be told of a logout at %q: write an absolute URL", app.Name, app.URL)
		}
		fresh.hosts = append(fresh.hosts, u.Host)
	}
	s.change(func() { s.inUse = append(s.inUse, fresh) })
	context.AfterFunc(ctx, func() { s.change(func() { fresh.ended = true }) })
	return nil
}

// change changes which configurations are in use.
func (s *Sender) change(how func()) {
	s.mu.Lock()
	how()
	last := s.last()
	s.inUse = slices.DeleteFunc(s.inUse, func(c *configured) bool { return c.ended })
	if len(s.inUse) == 0 {
		s.inUse = append(s.inUse, last)
	}
	s.mu.Unlock()
	s.Wake()
}

// current returns the configuration that counts, or nil.
func (s *Sender) current() *configured {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last()
}

// last is current for those who hold mu.
func (s *Sender) last() *configured {
	if len(s.inUse) == 0 {
		return nil
	}
	return s.inUse[len(s.inUse)-1]
}

// Wake lets Run look at the queue at once.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// record tells the configuration that counts what has happened.
func (s *Sender) record(e audit.Event) {
	if c := s.current(); c != nil {
		c.Audit.Record(e)
	}
}
