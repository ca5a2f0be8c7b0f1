// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/gatehouse-sso/gatehouse/store"
	"go.uber.org/zap"
)

// houses are the open houses by their place. Caddy starts a new configuration
// before it stops the old one, and a bbolt file can be open only once, so an open
// store outlives the configuration that opened it (decision D3). A pool for the
// whole process is Caddy's own way to do that. The key is the store's place and
// nothing else: with any option in it, changing that option would open the file
// twice.
var houses = caddy.NewUsagePool()

// house is what lives as long as the open store does: longer than a configuration.
type house struct {
	store store.Store
}

// openHouse opens the store and everything that stands on it.
func openHouse(ctx context.Context, opener StoreOpener, logger *zap.Logger) (*house, error) {
	opened, err := opener.Open(ctx, logger)
	if err != nil {
		return nil, err
	}
	return &house{store: opened}, nil
}

// Destruct closes the house when the last configuration has moved out.
func (h *house) Destruct() error { return h.store.Close() }

// tenancy is one configuration's stay in a house. The zero value has not begun.
type tenancy struct {
	mu    sync.Mutex
	place string
	house *house
	ended bool
}

// begin moves in; the house is opened if nobody lives there yet.
func (t *tenancy) begin(ctx context.Context, opener StoreOpener, logger *zap.Logger) error {
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
		return openHouse(ctx, opener, logger)
	})
	if err != nil {
		return fmt.Errorf("gatehouse: store: %w", err)
	}
	t.place, t.house = place, pooled.(*house)
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
