// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/store"
)

// StoreOpener is what a module of the namespace `gatehouse.stores` does.
type StoreOpener interface {
	// Place names what Open would open, and nothing of how. Two configurations
	// whose places are equal share one open store, whatever their options are. A
	// file's place is its canonical absolute path.
	Place() (string, error)

	// Open opens the store. It is called when a configuration starts, never when
	// one is only validated.
	Open(ctx context.Context, logger *zap.Logger) (Opened, error)
}

// Opened is an open store and what belongs to it.
type Opened struct {
	Store store.Store
	// Key seals what the store keeps.
	Key *seal.Key
	// KeyFile is the file that Key comes from, which has to be kept with every
	// backup. Empty where it is not in a file.
	KeyFile string
	// FirstUser is called when the store is known to hold users. It may be nil.
	FirstUser func() error
	// Private is a file for what only the operator may read, such as a set-up
	// link. It need not exist.
	Private string
}
