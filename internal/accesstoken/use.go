// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package accesstoken

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Use notes that a token which was found has been used. It is written by the next
// [Keeper.Flush]: no request waits for it.
func (k *Keeper) Use(id store.ID, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used == nil {
		k.used = make(map[store.ID]time.Time)
	}
	if now.After(k.used[id]) {
		k.used[id] = now
	}
}

func (k *Keeper) lastUse(id store.ID) time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.used[id]
}

// Flush writes what is pending: when tokens were used, and the ends that could not be
// stored. What fails stays pending.
func (k *Keeper) Flush(ctx context.Context) error {
	return errors.Join(k.flushEnds(ctx), k.flushUses(ctx))
}

func (k *Keeper) flushEnds(ctx context.Context) error {
	k.mu.Lock()
	pending := slices.Collect(maps.Keys(k.revoked))
	k.mu.Unlock()
	var failed error
	for _, id := range pending {
		failed = errors.Join(failed, k.end(ctx, id))
	}
	return failed
}

func (k *Keeper) flushUses(ctx context.Context) error {
	k.mu.Lock()
	seen := k.used
	k.used = nil
	k.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	if err := k.Store.Touch(ctx, Kind, seen); err != nil {
		for id, at := range seen {
			k.Use(id, at)
		}
		return fmt.Errorf("writing the last use of %d access tokens: %w", len(seen), err)
	}
	return nil
}
