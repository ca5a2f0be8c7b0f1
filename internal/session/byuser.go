// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// ByUser returns the sessions of a person as the store knows them, oldest first,
// without those that are over by the limits that they began with.
func (k *Keeper) ByUser(ctx context.Context, userID string) ([]*Session, error) {
	all, err := k.all(ctx, userID)
	now := time.Now()
	return slices.DeleteFunc(all, func(s *Session) bool { return s.Over(now) }), err
}

// all returns the sessions of a person, those included that are over.
func (k *Keeper) all(ctx context.Context, userID string) ([]*Session, error) {
	if userID == "" {
		// An empty owner would select the sessions of everybody.
		return nil, errors.New("listing the sessions of a user: no user named")
	}
	var all []*Session
	for record, err := range k.Store.List(ctx, Kind, store.Filter{Owner: userID}) {
		if err != nil {
			return nil, fmt.Errorf("listing the sessions of a user: %w", err)
		}
		s, err := Decode(record)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// EndAll ends the sessions of a person, all but the excepted one, and returns
// how many ended. Those that are over leave nothing to take up again and are not
// counted. It tries all that it can find before it returns an error.
func (k *Keeper) EndAll(ctx context.Context, userID string, except store.ID) (int, error) {
	if userID == "" {
		// An empty owner would select the sessions of everybody.
		return 0, errors.New("ending all sessions of a user: no user named")
	}
	var (
		live, over []store.ID
		failed     error
		now        = time.Now()
	)
	for record, err := range k.Store.List(ctx, Kind, store.Filter{Owner: userID}) {
		if err != nil {
			failed = fmt.Errorf("listing the sessions of a user: %w", err)
			continue
		}
		if record.ID == except {
			continue
		}
		// What cannot be read may be open to somebody.
		if s, err := Decode(record); err == nil && s.Over(now) {
			over = append(over, record.ID)
		} else {
			live = append(live, record.ID)
		}
	}
	ended, err := k.EndMany(ctx, live)
	_, errOver := k.EndMany(ctx, over)
	return ended, errors.Join(failed, err, errOver)
}
