// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Failing is a store whose writes can be made to fail while reads go on, for
// tests of what happens when the disk is full or gone. While Fail holds an error,
// Commit, Touch, Read, Sweep, an Add of something and Healthy answer with it and
// do nothing.
type Failing struct {
	store.Store
	Fail atomic.Pointer[error]
}

// Break makes writes fail with err, and work again when err is nil.
func (f *Failing) Break(err error) {
	if err == nil {
		f.Fail.Store(nil)
		return
	}
	f.Fail.Store(&err)
}

func (f *Failing) failure() error {
	if err := f.Fail.Load(); err != nil {
		return *err
	}
	return nil
}

// Commit implements [store.Store].
func (f *Failing) Commit(ctx context.Context, changes ...store.Change) error {
	if err := f.failure(); err != nil {
		return err
	}
	return f.Store.Commit(ctx, changes...)
}

// Touch implements [store.Store].
func (f *Failing) Touch(ctx context.Context, kind store.Kind, seen map[store.ID]time.Time) error {
	if err := f.failure(); err != nil {
		return err
	}
	return f.Store.Touch(ctx, kind, seen)
}

// Read implements [store.Store].
func (f *Failing) Read(ctx context.Context, kind store.Kind, id store.ID, hash [32]byte) (store.Record, error) {
	if err := f.failure(); err != nil {
		return store.Record{}, err
	}
	return f.Store.Read(ctx, kind, id, hash)
}

// Add implements [store.Store].
func (f *Failing) Add(ctx context.Context, name string, n int, window time.Duration) (int, error) {
	if err := f.failure(); err != nil && n != 0 {
		return 0, err
	}
	return f.Store.Add(ctx, name, n, window)
}

// Sweep implements [store.Store].
func (f *Failing) Sweep(ctx context.Context, limit int) (int, error) {
	if err := f.failure(); err != nil {
		return 0, err
	}
	return f.Store.Sweep(ctx, limit)
}

// Healthy implements [store.Health].
func (f *Failing) Healthy(ctx context.Context) error {
	if err := f.failure(); err != nil {
		return err
	}
	if h, ok := f.Store.(store.Health); ok {
		return h.Healthy(ctx)
	}
	return nil
}
