// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"hash/fnv"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// ErrTooMany means that the person has as many sessions as they may have.
var ErrTooMany = errors.New("person has as many sessions as they may have")

// PerUser bounds how many sessions a person has at once. It counts when a session
// is started: lowering it ends none by itself.
type PerUser struct {
	// Most is how many. Zero means any number.
	Most int
	// Refuse says that a login beyond it fails with [ErrTooMany]. Otherwise the
	// oldest sessions end in the commit that starts the new one. Those that an app has
	// begun ([Session.Via]) make room in either case.
	Refuse bool
}

// turns let the logins of one person count each other, one at a time. They are
// this process's own, as is the store behind it.
type turns [64]sync.Mutex

// take waits for the person's turn and returns what ends it.
func (t *turns) take(userID string) (leave func()) {
	h := fnv.New32a()
	h.Write([]byte(userID))
	turn := &t[h.Sum32()%uint32(len(t))]
	turn.Lock()
	return turn.Unlock
}

// surplus returns the sessions that end to make room for one more, oldest first: those
// that an app has begun before all others, and never any for a login by an app. Whoever
// holds an app's key could otherwise shut people out by signing them in.
func (k *Keeper) surplus(ctx context.Context, login Login, now time.Time) ([]store.ID, error) {
	if login.PerUser.Most <= 0 {
		return nil, nil
	}
	all, err := k.all(ctx, login.UserID)
	if err != nil {
		return nil, err
	}
	var vouched, others []store.ID
	for _, s := range all {
		// Better to count a session that is over than to overlook one that is not.
		switch {
		case s.ID == login.Replaces || s.Expired(s.lastUse(login.Limits), login.Limits, now):
		case s.Via != "":
			vouched = append(vouched, s.ID)
		default:
			others = append(others, s.ID)
		}
	}
	over := len(vouched) + len(others) + 1 - login.PerUser.Most
	switch {
	case over <= 0:
		return nil, nil
	case login.Via != "", login.PerUser.Refuse && over > len(vouched):
		return nil, ErrTooMany
	}
	return append(vouched, others...)[:over], nil
}
