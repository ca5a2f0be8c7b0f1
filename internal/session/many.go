// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse-sso/gatehouse/store"
)

// endBatch is how many sessions end in one commit when many do. A commit fails as
// a whole when one of them has ended meanwhile, so it is not too large.
const endBatch = 256

// EndMany ends sessions as [Keeper.End] does, with few commits, and returns how many
// have ended beside an error. It tries all of them.
func (k *Keeper) EndMany(ctx context.Context, ids []store.ID) (int, error) {
	var (
		n      int
		failed error
	)
	for batch := range slices.Chunk(ids, endBatch) {
		ended, err := k.endBatch(ctx, batch)
		n, failed = n+ended, errors.Join(failed, err)
	}
	return n, failed
}

// endBatch ends sessions in one commit, or one by one when some of them have ended
// by themselves.
func (k *Keeper) endBatch(ctx context.Context, ids []store.ID) (int, error) {
	changes := make([]store.Change, len(ids))
	for i, id := range ids {
		changes[i] = store.Delete{Kind: Kind, ID: id}
	}
	err := k.Store.Commit(ctx, changes...)
	switch {
	case err == nil:
		return len(ids), nil
	case !errors.Is(err, store.ErrNotFound):
		return 0, fmt.Errorf("ending %d sessions: %w", len(ids), err)
	}
	var (
		n      int
		failed error
	)
	for _, id := range ids {
		if err := k.End(ctx, id); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		n++
	}
	return n, failed
}
