// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// DefaultMemory is how much a [File] keeps in memory unless [Options] say otherwise.
const DefaultMemory = 64 << 20

const (
	// sweepEvery is how often what has expired is removed, sweepBatch how much in
	// one commit.
	sweepEvery = 30 * time.Second
	sweepBatch = 500
)

// File is an engine over a file of its own, which it sweeps and closes.
type File struct {
	*Engine
	store   store.Store
	onError func(error)
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// Open opens the file at path for this process alone, and makes it when it is missing.
// The data of tokens is sealed with the key in the file of the same name with ".key"
// behind it, which is made with the file and without which nothing in it can be read.
func Open(path string, o Options) (*File, error) {
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	file, err := boltstore.Open(path, boltstore.Options{OnError: o.OnError})
	if err != nil {
		return nil, err
	}
	sealed, err := sealedWith(file, seal.KeyFile(path))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &File{Engine: New(sealed, o), store: sealed, onError: o.OnError, stop: stop}
	f.work.Go(func() { f.sweep(ctx) })
	return f, nil
}

// sealedWith returns the store sealed with the key in a file, which is made for a store
// that is new.
func sealedWith(file *boltstore.Store, keyFile string) (store.Store, error) {
	key, err := seal.LoadKey(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		var empty bool
		if empty, err = file.Empty(); err != nil {
			return nil, err
		}
		if !empty {
			return nil, fmt.Errorf("the tokens are sealed, and the key %s is missing: bring it back; without it they cannot be read", keyFile)
		}
		key, err = seal.CreateKey(keyFile)
	}
	if err != nil {
		return nil, err
	}
	return seal.Wrap(context.Background(), file, key)
}

// sweep removes what has expired, in small batches, until ctx ends.
func (f *File) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := store.SweepAll(ctx, f.store, sweepBatch); err != nil && ctx.Err() == nil {
			f.onError(err)
		}
	}
}

// Close waits for what is being written, and closes the file.
func (f *File) Close() error {
	f.stop()
	f.work.Wait()
	return f.store.Close()
}
