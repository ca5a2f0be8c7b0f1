// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/house"
)

// houses are the open houses by their place. Caddy starts a new configuration
// before it stops the old one, and a bbolt file can be open only once, so an open
// store outlives the configuration that opened it. A pool for the whole process is
// Caddy's own way to do that. The key is the store's place and nothing else: with
// any option in it, changing that option would open the file twice.
var houses = caddy.NewUsagePool()

// tenant is a house in the pool: it lives as long as the open store does, longer
// than a configuration.
type tenant struct {
	*house.House
	metrics *metrics
	// refusals are kept across configurations, for whoever reads an ID off a page.
	refusals *audit.Refusals
	private  string
	keyFile  string
}

// openHouse opens the store and puts the house on it.
func openHouse(ctx context.Context, opener StoreOpener) (*tenant, error) {
	logger := processLogger()
	opened, err := opener.Open(ctx, logger)
	if err != nil {
		return nil, err
	}
	m := newMetrics()
	h, err := house.Open(ctx, m.time(opened.Store), house.Options{Seal: opened.Key, FirstUser: opened.FirstUser, Logger: logger})
	if err != nil {
		return nil, errors.Join(err, opened.Store.Close())
	}
	m.house = h
	return &tenant{House: h, metrics: m, refusals: new(audit.Refusals), private: opened.Private, keyFile: opened.KeyFile}, nil
}

// Destruct closes the house when the last configuration has moved out.
func (t *tenant) Destruct() error { return t.Close() }

// tenancy is one configuration's stay in a house. The zero value has not begun.
type tenancy struct {
	mu    sync.Mutex
	place string
	house *tenant
	ended bool
}

// begin moves in; the house is opened if nobody lives there yet.
func (t *tenancy) begin(ctx context.Context, opener StoreOpener) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.house != nil {
		return errors.New("gatehouse: the store is opened once in a configuration")
	}
	place, err := opener.Place()
	if err != nil {
		return fmt.Errorf("gatehouse: store: %w", err)
	}
	pooled, _, err := houses.LoadOrNew(place, func() (caddy.Destructor, error) {
		return openHouse(ctx, opener)
	})
	if err != nil {
		return fmt.Errorf("gatehouse: store: %w", err)
	}
	t.place, t.house = place, pooled.(*tenant)
	return nil
}

// end moves out, if this configuration has moved in. It may be called again.
func (t *tenancy) end() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	if t.house == nil {
		return nil
	}
	t.house = nil
	_, err := houses.Delete(t.place)
	return err
}
