// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// cuttable is a context that can be cut as one of [context.WithCancelCause] can,
// which it makes only when somebody asks to be told: most requests are answered
// before anybody does.
//
// It knows what package context looks at: a context derived from it asks for Done
// first and for the value behind that channel next, so that it hangs on the one made
// here and needs no goroutine.
type cuttable struct {
	parent context.Context
	made   atomic.Bool // says that inner and cancel are set, and never change again
	mu     sync.Mutex  // held while they are set
	inner  context.Context
	cancel context.CancelCauseFunc
	over   atomic.Bool
}

// Deadline implements [context.Context].
func (c *cuttable) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Done implements [context.Context].
func (c *cuttable) Done() <-chan struct{} { return c.make().Done() }

// Err implements [context.Context].
func (c *cuttable) Err() error {
	if c.made.Load() {
		return c.inner.Err()
	}
	if c.over.Load() {
		return context.Canceled
	}
	return c.parent.Err()
}

// Value implements [context.Context].
func (c *cuttable) Value(key any) any {
	if c.made.Load() {
		return c.inner.Value(key)
	}
	return c.parent.Value(key)
}

func (c *cuttable) make() context.Context {
	if c.made.Load() {
		return c.inner
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made.Load() {
		return c.inner
	}
	c.inner, c.cancel = context.WithCancelCause(c.parent)
	if c.over.Load() {
		c.cancel(context.Canceled)
	}
	c.made.Store(true)
	return c.inner
}

// cut cancels the context, with the cause that [context.Cause] returns.
func (c *cuttable) cut(cause error) {
	c.make()
	c.cancel(cause)
}

// close is for a request that is over. Its parent ends with it in any case.
func (c *cuttable) close() {
	c.mu.Lock()
	c.over.Store(true)
	made := c.made.Load()
	c.mu.Unlock()
	if made {
		c.cancel(context.Canceled)
	}
}
