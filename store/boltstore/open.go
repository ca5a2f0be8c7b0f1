// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// growth is by how much the file grows at once; each time costs an fsync.
const growth = 4 << 20

// Open opens the store file at path. A missing one is created, readable by this
// user only, and so is its folder. The errors are ErrUnavailable, when another
// process holds the file or the system refuses it, and ErrCorrupt, when it is
// damaged or no store file at all; a file that is refused is not changed.
func Open(path string, o Options) (*Store, error) {
	if o.Timeout <= 0 {
		o.Timeout = time.Second
	}
	s := &Store{path: path, onError: o.OnError, reserve: cmp.Or(o.reserve, reservation), lateness: cmp.Or(o.lateness, lateness)}
	s.owners.run = cmp.Or(o.runEntries, runEntries)
	isNew, err := s.prepare(o)
	if err != nil {
		return nil, err
	}
	if !isNew {
		// bbolt panics beyond recovery over some damage, so look first.
		if err := s.inspect(o.Timeout); err != nil {
			return nil, err
		}
	}
	f, err := s.open(o.Timeout, o.ReadOnly)
	if err != nil {
		return nil, err
	}
	s.file.Store(f)
	if err := s.begin(f, o.ReadOnly); err != nil {
		return nil, errors.Join(err, f.db.Close())
	}
	s.publish(f)
	s.counts = make(counts)
	ctx := context.Background()
	if err := cmp.Or(s.view(ctx, s.owners.find), s.view(ctx, s.counts.find)); err != nil {
		s.snapshots.drain()
		return nil, errors.Join(err, f.db.Close())
	}
	if !o.ReadOnly {
		_ = os.Remove(path + compactSuffix) // what a crash has left; in the way of nothing
		s.queue, s.done = newQueue(), make(chan struct{})
		go s.writer()
	}
	return s, nil
}

// prepare makes the folder and reports whether there is no file yet. An empty
// file counts as none: that is what a crash in the middle of creating one leaves.
func (s *Store) prepare(o Options) (isNew bool, err error) {
	info, err := os.Stat(s.path)
	switch {
	case err == nil && info.IsDir():
		return false, fmt.Errorf("%w: store file %s is a folder: name a file in it", store.ErrUnavailable, s.path)
	case err == nil && (info.Size() > 0 || o.ReadOnly):
		return false, nil
	case err == nil:
		return true, nil
	case !errors.Is(err, fs.ErrNotExist) || o.ReadOnly:
		return false, fmt.Errorf("%w: store file: %w", store.ErrUnavailable, err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return false, fmt.Errorf("%w: folder of the store file: %w", store.ErrUnavailable, err)
	}
	return true, nil
}

// open opens the file itself, with as much address space as the system grants.
func (s *Store) open(timeout time.Duration, readOnly bool) (f *file, err error) {
	options := fileOptions(timeout, readOnly)
	if canReserve() {
		for _, options.InitialMmapSize = range []int{s.reserve, leastReserved} {
			if f, err = s.openWith(options); !errors.Is(err, syscall.ENOMEM) {
				return f, err
			}
		}
	}
	options.InitialMmapSize = 0
	return s.openWith(options)
}

func fileOptions(timeout time.Duration, readOnly bool) *bbolt.Options {
	return &bbolt.Options{
		Timeout:        timeout,
		ReadOnly:       readOnly,
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
	}
}

func (s *Store) openWith(options *bbolt.Options) (f *file, err error) {
	defer s.catch(&err, debug.SetPanicOnFault(true))
	db, err := bbolt.Open(s.path, 0o600, options)
	if err != nil {
		return nil, s.openError(err)
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, errors.Join(s.openError(err), db.Close())
	}
	db.AllocSize = growth
	return &file{db: db, info: info, pageSize: db.Info().PageSize, reserved: options.InitialMmapSize}, nil
}

// openError tells a file that is held or refused from one that is damaged.
func (s *Store) openError(err error) error {
	var errno syscall.Errno
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%w: store file %s is %s: only one process can have it open; "+
			"stop that one, or let a command speak to it with --address", store.ErrUnavailable, s.path, heldBy(s.path))
	case errors.As(err, &errno), errors.Is(err, fs.ErrPermission):
		return s.explain(err)
	default:
		return corrupt(s.path, err)
	}
}

// inspect checks the whole file while nobody can write to it.
func (s *Store) inspect(timeout time.Duration) (err error) {
	f, err := s.open(timeout, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.db.Close()) }()
	pages, err := os.Open(s.path)
	if err != nil {
		return s.explain(err)
	}
	defer pages.Close()
	defer s.catch(&err, debug.SetPanicOnFault(true))
	err = f.db.View(func(tx *bbolt.Tx) error {
		root := uint64(tx.Cursor().Bucket().Root())
		return verify(pages, f.pageSize, tx.Size(), root)
	})
	if err != nil {
		return corrupt(s.path, err)
	}
	return nil
}

// syncFolder makes the name of a new file durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there, and need not be
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
