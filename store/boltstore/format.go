// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"github.com/gatehouse-sso/gatehouse/store"
	"go.etcd.io/bbolt"
)

// format is the version of the layout that is written (see layout.go). Older ones
// are brought up to it when the file is opened for writing.
//
//	1   no index by owner
//	2
const format = 2

// keptSuffix is of the copy that is kept before a file of an older format is
// changed; the number of that format follows. It is what an older program needs
// to go back to.
const keptSuffix = ".format-"

// begin checks the format and brings an older one up to date, or makes the buckets
// of a file that has none: a new one, or one whose making was cut short.
func (s *Store) begin(f *file, readOnly bool) (err error) {
	defer s.catch(&err, debug.SetPanicOnFault(true))
	found := 0
	err = f.db.View(func(tx *bbolt.Tx) (err error) {
		if k, _ := tx.Cursor().First(); k != nil {
			found, err = s.formatOf(tx)
		}
		return err
	})
	switch {
	case err != nil || found == format:
		return err
	case found > 0 && readOnly:
		return nil // what the older ones lack is made up for in memory
	case found > 0:
		return s.migrate(f, found)
	case readOnly:
		return fmt.Errorf("%w: store file %s has nothing in it yet", store.ErrUnavailable, s.path)
	}
	if err := f.db.Update(makeBuckets); err != nil {
		return s.explain(err)
	}
	return s.explain(syncFolder(filepath.Dir(s.path)))
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, documentsBucket, countersBucket, expiryBucket} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return writeFormat(tx)
}

func writeFormat(tx *bbolt.Tx) error {
	return tx.Bucket(metaBucket).Put(formatKey, []byte(strconv.Itoa(format)))
}

// formatOf returns the format of a file that is not empty, one of those that are
// known here.
func (s *Store) formatOf(tx *bbolt.Tx) (int, error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return 0, corrupt(s.path, errors.New("it is a bbolt file of another program"))
	}
	text := string(meta.Get(formatKey))
	found, err := strconv.Atoi(text)
	if err != nil || found < 1 || strconv.Itoa(found) != text {
		return 0, corrupt(s.path, fmt.Errorf("it has format %q", text))
	}
	if found > format {
		return 0, fmt.Errorf("%w: store file %s has format %d, and this program knows formats up to %d: "+
			"run the newer version that wrote it, or go back to the copy %s%s%d",
			store.ErrUnavailable, s.path, found, format, s.path, keptSuffix, format)
	}
	for _, name := range [][]byte{documentsBucket, countersBucket, expiryBucket} {
		if tx.Bucket(name) == nil {
			return 0, corrupt(s.path, fmt.Errorf("bucket %q is missing", name))
		}
	}
	return found, nil
}

// migrate keeps a copy of a file of an older format and brings the file up to date.
// The index by owner that format 1 has not is found like entries that were in
// memory only: there is no mark yet, so every record is newer.
func (s *Store) migrate(f *file, found int) error {
	kept := s.path + keptSuffix + strconv.Itoa(found)
	if err := keep(f, kept); err != nil {
		return s.explain(fmt.Errorf("it has format %d and would be changed to %d, but no copy can be kept at %s: %w",
			found, format, kept, err))
	}
	return s.explain(f.db.Update(writeFormat))
}

// keep writes a copy of a file, whole or not at all.
func keep(f *file, path string) (err error) {
	unfinished := path + ".part"
	part, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = f.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(part)
		return err
	})
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		if gone := os.Remove(unfinished); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
		return err
	}
	return syncFolder(filepath.Dir(path))
}
