// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	// retryFirst and retryMost bound the pauses between the attempts to write
	// what the store did not take.
	retryFirst = 100 * time.Millisecond
	retryMost  = 10 * time.Second
	// closeWithin bounds each last attempt when Live is closed.
	closeWithin = 5 * time.Second
)

// ends are the sessions that are refused and whose end the store did not take.
type ends struct {
	mu      sync.Mutex
	pending []store.ID
	wake    chan struct{}
}

// retry notes ends that could not be stored.
func (l *Live) retry(ids []store.ID) {
	l.ends.mu.Lock()
	l.ends.pending = append(l.ends.pending, ids...)
	l.ends.mu.Unlock()
	select {
	case l.ends.wake <- struct{}{}:
	default:
	}
}

// writeEnds runs until Live is closed.
func (l *Live) writeEnds() {
	var again <-chan time.Time
	pause := retryFirst
	for {
		select {
		case <-l.stopped.Done():
			ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
			defer cancel()
			if err := l.storeEnds(ctx); err != nil {
				l.options.OnError(fmt.Errorf("closing: %w", err))
			}
			return
		case <-l.ends.wake:
			if again == nil {
				again = time.After(pause)
			}
		case <-again:
			again, pause = nil, min(2*pause, retryMost)
			if err := l.storeEnds(l.stopped); err != nil {
				l.options.OnError(err)
				again = time.After(pause)
				continue
			}
			pause = retryFirst
		}
	}
}

// storeEnds tries them one by one, since one that is gone already would undo a
// commit of all. What fails stays pending.
func (l *Live) storeEnds(ctx context.Context) error {
	l.ends.mu.Lock()
	pending := l.ends.pending
	l.ends.pending = nil
	l.ends.mu.Unlock()
	var failed []store.ID
	var cause error
	for _, id := range pending {
		err := l.Store.Commit(ctx, store.Delete{Kind: session.Kind, ID: id})
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			failed, cause = append(failed, id), err
			continue
		}
		l.settle([]store.ID{id})
	}
	if failed == nil {
		return nil
	}
	l.ends.mu.Lock()
	l.ends.pending = append(l.ends.pending, failed...)
	l.ends.mu.Unlock()
	return fmt.Errorf("%d sessions: %w: %w", len(failed), ErrEnding, cause)
}
