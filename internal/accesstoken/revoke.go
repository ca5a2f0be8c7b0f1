// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package accesstoken

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Revoke ends a token of a person and returns what it was. It is refused from now on,
// whatever the store answers. [ErrNone]: the person has no such token. [ErrRevoking].
func (k *Keeper) Revoke(ctx context.Context, userID string, id store.ID) (*Grant, error) {
	record, err := k.Store.Get(ctx, Kind, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrNone
	case err != nil:
		return nil, fmt.Errorf("access token %s: %w", id, err)
	case record.Owner != userID || userID == "":
		return nil, ErrNone
	}
	grant, err := decode(&record)
	if err != nil {
		return nil, err
	}
	return grant, k.end(ctx, id)
}

// RevokeAll ends all tokens of a person and returns how many. It tries all that it can
// find before it returns an error.
func (k *Keeper) RevokeAll(ctx context.Context, userID string) (int, error) {
	if userID == "" {
		// An empty owner would select the tokens of everybody.
		return 0, errors.New("revoking access tokens: no user named")
	}
	var failed error
	ended := 0
	for record, err := range k.Store.List(ctx, Kind, store.Filter{Owner: userID}) {
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("listing access tokens: %w", err))
			continue
		}
		if err := k.end(ctx, record.ID); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		ended++
	}
	return ended, failed
}

// end refuses a token in memory first: until the store has it, and for good when it has.
func (k *Keeper) end(ctx context.Context, id store.ID) error {
	k.mu.Lock()
	if k.revoked == nil {
		k.revoked = make(map[store.ID]struct{})
	}
	k.revoked[id] = struct{}{}
	delete(k.used, id)
	k.mu.Unlock()
	err := k.Store.Commit(ctx, store.Delete{Kind: Kind, ID: id})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %w", ErrRevoking, err)
	}
	k.mu.Lock()
	delete(k.revoked, id)
	k.mu.Unlock()
	return nil
}

func (k *Keeper) isRevoked(id store.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, revoked := k.revoked[id]
	return revoked
}
