// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

// probe is a store that counts who asks it, and that can be made to hold a Get
// between its reading and its answering, or a Commit or a Touch before it happens.
type probe struct {
	storetest.Failing
	reads   atomic.Int64
	writes  atomic.Int64
	touches atomic.Int64
	keep    atomic.Bool

	holdGet, holdCommit, holdTouch atomic.Pointer[hold]
}

// hold stops one caller: it closes reached and waits for release.
type hold struct{ reached, release chan struct{} }

func newHold() *hold { return &hold{make(chan struct{}), make(chan struct{})} }

func wait(at *atomic.Pointer[hold]) {
	if h := at.Swap(nil); h != nil {
		close(h.reached)
		<-h.release
	}
}

func (p *probe) Get(ctx context.Context, kind store.Kind, id store.ID) (store.Record, error) {
	p.reads.Add(1)
	r, err := p.Failing.Get(ctx, kind, id)
	wait(&p.holdGet)
	return r, err
}

func (p *probe) Document(ctx context.Context, name string) (store.Document, error) {
	p.reads.Add(1)
	return p.Failing.Document(ctx, name)
}

func (p *probe) Commit(ctx context.Context, changes ...store.Change) error {
	p.writes.Add(1)
	wait(&p.holdCommit)
	return p.Failing.Commit(ctx, changes...)
}

func (p *probe) Touch(ctx context.Context, kind store.Kind, seen map[store.ID]time.Time) error {
	p.touches.Add(1)
	wait(&p.holdTouch)
	return p.Failing.Touch(ctx, kind, seen)
}

// Close leaves the store open when a test wants to look into it afterwards.
func (p *probe) Close() error {
	if p.keep.Load() {
		return nil
	}
	return p.Failing.Close()
}
