// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"go.etcd.io/bbolt"
)

const (
	// leastCompact is the size below which a file is never compacted.
	leastCompact = 16 << 20
	// compactAgain is how long a compaction that failed is not tried again.
	compactAgain = time.Hour
	// copyBytes and copyKeys are how much one transaction copies.
	copyBytes = 8 << 20
	copyKeys  = 20_000
	// fewKeys are so few that the writer may wait for them to be copied.
	fewKeys = 500
	// mostRounds ends the hunt for fewKeys where more are written than copied.
	mostRounds = 10
)

// compactSuffix is of the file that is being written. One that is found when the
// store is opened was left by a crash, and holds nothing that the store does not.
const compactSuffix = ".compact"

// Compact writes the file anew without the space that is free in it, while others
// read and write, and puts the new file in the place of the old one. Until then
// every write goes to the old file, so that a crash at any moment leaves one file
// with all that was answered. Writers are held while the last few changed keys
// are copied, the new file is synced and it is renamed; readers never.
func (s *Store) Compact(ctx context.Context) error {
	if s.queue == nil {
		return fmt.Errorf("%w: %s is open for reading only", store.ErrUnavailable, s.path)
	}
	s.compacting.Lock()
	defer s.compacting.Unlock()
	return s.compact(ctx)
}

// Scrub implements [store.Scrubber]: free pages hold what they held before, and a file
// that was written anew has none of them.
func (s *Store) Scrub(ctx context.Context) error { return s.Compact(ctx) }

func (s *Store) compact(ctx context.Context) (err error) {
	if !canReserve() {
		return fmt.Errorf("%w: an open file cannot be replaced on this system", store.ErrUnavailable)
	}
	place, err := filepath.EvalSymlinks(s.path)
	if err != nil {
		return s.explain(err)
	}
	c := &compaction{s: s, from: s.file.Load(), place: place, path: place + compactSuffix}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("compaction: %w", err), c.abandon())
		}
	}()
	if err := c.create(); err != nil {
		return s.explain(err)
	}
	if _, err := c.changed(ctx, new(keyLog)); err != nil {
		return err
	}
	if err := c.copyAll(ctx); err != nil {
		return err
	}
	return c.catchUp(ctx)
}

// compactIfWasteful compacts a file of which more than half is free.
func (s *Store) compactIfWasteful(ctx context.Context) {
	f := s.file.Load()
	info, err := os.Stat(s.path)
	if err != nil || info.Size() < leastCompact || f.free() <= info.Size()/2 || !canReserve() {
		return
	}
	if !s.compacting.TryLock() {
		return
	}
	defer s.compacting.Unlock()
	if time.Now().Before(s.notBefore) {
		return
	}
	if err := s.compact(ctx); err != nil && ctx.Err() == nil && !s.queue.isClosed() {
		s.notBefore = time.Now().Add(compactAgain)
		if s.onError != nil {
			s.onError(err)
		}
	}
}

// compaction copies the live part of a file to another one.
type compaction struct {
	s     *Store
	from  *file
	to    *bbolt.DB
	place string // of the store file, without symbolic links
	path  string // of the copy
}

// create begins the copy. It is synced as a whole, not piece by piece.
func (c *compaction) create() error {
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(c.place); err == nil {
		mode = info.Mode().Perm()
	}
	if err := os.Remove(c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	options := fileOptions(time.Second, false)
	options.NoSync, options.NoGrowSync = true, true
	options.PageSize = c.from.pageSize
	options.InitialMmapSize = c.from.reserved
	to, err := bbolt.Open(c.path, mode, options)
	c.to = to
	return err
}

// changed moves the keys that have changed since it was last called to log, and has
// further ones noted. What it returns is on disk.
func (c *compaction) changed(ctx context.Context, log *keyLog) (*keyLog, error) {
	err := c.s.write(ctx, func(*txn) (func() (int, error), error) {
		if c.s.log == nil {
			c.s.log = new(keyLog) // what this transaction still changes is copied anyway
		} else {
			log.take(c.s.log) // and goes on in it, in this transaction too
		}
		return nil, nil
	})
	return log, err
}

// copyAll copies every bucket, piece by piece, each piece as it is at its own
// moment: what has changed before or after is in the log.
func (c *compaction) copyAll(ctx context.Context) error {
	var names []string
	err := c.s.view(ctx, func(t *txn) error {
		return t.each(func(b *bucket) { names = append(names, b.name) })
	})
	for _, name := range names {
		if err == nil {
			err = c.copyBucket(ctx, name)
		}
	}
	return err
}

func (c *compaction) copyBucket(ctx context.Context, name string) error {
	if err := c.put(name, nil); err != nil {
		return err
	}
	var after []byte
	for {
		if c.s.queue.isClosed() {
			return errClosed()
		}
		var piece []pair
		err := c.s.view(ctx, func(t *txn) error {
			piece = t.piece(name, after)
			return nil
		})
		if err != nil || len(piece) == 0 {
			return err
		}
		if err := c.put(name, piece); err != nil {
			return err
		}
		after = piece[len(piece)-1].key
	}
}

// pair is a key and its value, nil when there is none any more.
type pair struct{ key, value []byte }

// piece returns copies of what follows after in a bucket, some megabytes of it.
func (t *txn) piece(name string, after []byte) (piece []pair) {
	b := t.bucket([]byte(name))
	if b == nil {
		return nil
	}
	room := &room{copyKeys, copyBytes}
	c := b.Cursor()
	for k, v := seekAfter(c, nil, after); k != nil; k, v = c.Next() {
		both := append(append(make([]byte, 0, len(k)+len(v)), k...), v...)
		piece = append(piece, pair{both[:len(k):len(k)], both[len(k):]})
		if room.fill(len(both)) {
			break
		}
	}
	return piece
}

// put writes pairs to a bucket of the copy, and makes the bucket.
func (c *compaction) put(name string, pairs []pair) error {
	return c.s.explain(c.to.Update(func(tx *bbolt.Tx) error {
		inner, err := tx.CreateBucketIfNotExists([]byte(name))
		if err != nil {
			return err
		}
		b := newBucket([]byte(name), inner)
		for _, p := range pairs {
			if p.value == nil {
				err = b.Delete(p.key)
			} else {
				err = b.Put(p.key, p.value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// catchUp copies what has changed meanwhile until that is little, and has the
// writer copy the rest and change over.
func (c *compaction) catchUp(ctx context.Context) error {
	for range mostRounds {
		log, err := c.changed(ctx, new(keyLog))
		if err != nil {
			return err
		}
		if err := c.repeat(ctx, log); err != nil {
			return err
		}
		if err := c.to.Sync(); err != nil { // so that the writer need not wait for it
			return c.s.explain(err)
		}
		if log.n < fewKeys {
			break
		}
	}
	done := make(chan error, 1)
	err := c.s.write(ctx, func(*txn) (func() (int, error), error) {
		c.s.between = func() { done <- c.changeOver() }
		return nil, nil
	})
	if err != nil {
		return err
	}
	return <-done
}

// repeat copies the present values of keys.
func (c *compaction) repeat(ctx context.Context, log *keyLog) error {
	for name, keys := range log.keys {
		pairs := make([]pair, 0, len(keys))
		err := c.s.view(ctx, func(t *txn) error {
			b := t.bucket([]byte(name))
			for key := range keys {
				pairs = append(pairs, pair{[]byte(key), b.copyOf([]byte(key))})
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := c.put(name, pairs); err != nil {
			return err
		}
	}
	return nil
}

// changeOver makes the copy the store's file. The writer calls it, between two
// transactions.
func (c *compaction) changeOver() error {
	s := c.s
	log := s.log
	s.log = nil
	if err := c.repeat(context.Background(), log); err != nil {
		return err
	}
	if err := c.to.Sync(); err != nil {
		return s.explain(err)
	}
	info, err := os.Stat(c.path)
	if err != nil {
		return s.explain(err)
	}
	if err := s.inPlace(); err != nil {
		return err
	}
	if err := os.Rename(c.path, c.place); err != nil {
		return s.explain(err)
	}
	// From here on the new file is what a start would find, so it is what is
	// written to, whatever else happens.
	c.to.NoSync, c.to.NoGrowSync, c.to.AllocSize = false, false, growth
	f := &file{db: c.to, info: info, pageSize: c.from.pageSize, reserved: c.from.reserved}
	c.to = nil
	s.file.Store(f)
	s.publish(f)
	s.closing.Go(func() { c.from.db.Close() }) // waits for who still reads there
	s.renamed = filepath.Dir(c.place)
	return s.explain(s.syncName())
}

// syncName makes it durable that the new file has the name of the old one. Until
// that has succeeded nothing can be answered: a crash might bring the old one back.
func (s *Store) syncName() error {
	if s.renamed == "" {
		return nil
	}
	err := syncFolder(s.renamed)
	if err == nil {
		s.renamed = ""
	}
	return err
}

// abandon removes the copy, unless it is the store's file already.
func (c *compaction) abandon() error {
	if c.to == nil {
		return nil
	}
	_ = c.s.write(context.Background(), func(*txn) (func() (int, error), error) {
		c.s.log = nil
		return nil, nil
	}) // in vain when the store is closed, and then nothing is noted any more
	return errors.Join(c.to.Close(), os.Remove(c.path))
}
