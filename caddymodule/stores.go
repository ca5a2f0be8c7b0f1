// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"

	"github.com/gatehouse-sso/gatehouse/store"
	"go.uber.org/zap"
)

// StoreOpener is what a module of the namespace `gatehouse.stores` does.
type StoreOpener interface {
	// Place names what Open would open, and nothing of how. Two configurations
	// whose places are equal share one open store, whatever their options are. A
	// file's place is its canonical absolute path.
	Place() (string, error)

	// Open opens the store. It is called when a configuration starts, never when
	// one is only validated.
	Open(ctx context.Context, logger *zap.Logger) (store.Store, error)
}
