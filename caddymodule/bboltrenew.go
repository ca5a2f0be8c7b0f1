// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// isNew reports whether a store would begin there: no file, and no sign that there
// was one.
func (b *Bbolt) isNew(path string) bool {
	existed, err := seal.UsersExisted(path)
	return err == nil && !existed && isMissing(path)
}

// hold takes the file as a running Caddy does, so that none has it and none can
// take it meanwhile. It returns nil for a file that is missing, or damaged and
// therefore nobody's.
func hold(path string) (*boltstore.Store, error) {
	if isMissing(path) {
		return nil, nil
	}
	held, err := boltstore.Open(path, boltstore.Options{})
	if errors.Is(err, store.ErrCorrupt) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the store is going to be replaced, so stop Caddy first: %w", err)
	}
	return held, nil
}

func release(held *boltstore.Store) error {
	if held == nil {
		return nil
	}
	return held.Close()
}

// beginAnew sets aside the store, its key and the mark that it has had users, and
// returns where they are now. Whatever happens in between, nobody is let in: without
// the file the mark keeps the door shut, so it goes last.
func (b *Bbolt) beginAnew(now time.Time) (moved []string, err error) {
	path, err := b.Place()
	if err != nil {
		return nil, err
	}
	held, err := hold(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release(held)) }()
	moved, err = setAside(now, path, seal.KeyFile(path), seal.MarkerFile(path))
	if err != nil {
		return moved, err
	}
	return moved, forgetSetup(setupFile(path))
}

// restored is what a restore has done.
type restored struct {
	admin.About
	// store is where the users are now.
	store string
	// aside is where the store from before is, if there was one.
	aside []string
	// enabled are the users who may sign in by the backup and who, before, could
	// not: they were disabled or removed since it was taken.
	enabled []string
}

// restore makes the store from a backup. One that has something in it is replaced
// only by force, and is kept aside. The new one takes its place in one step, complete.
func (b *Bbolt) restore(ctx context.Context, backup string, force bool, now time.Time) (r restored, err error) {
	if r.store, err = b.Place(); err != nil {
		return r, err
	}
	key, err := seal.LoadKey(seal.KeyFile(r.store))
	if errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("the backup opens with the sealing key of the store that it was taken from: put that key to %s (mode 0600) first", seal.KeyFile(r.store))
	}
	if err != nil {
		return r, err
	}
	held, err := hold(r.store)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, release(held)) }()
	replaces := !isMissing(r.store)
	if replaces && !force {
		return r, fmt.Errorf("there is a store at %s: --force restores nevertheless, and keeps that one aside", r.store)
	}
	fresh := r.store + ".restoring"
	if err := remove(fresh); err != nil { // of a restore that was cut short
		return r, err
	}
	if err := r.fill(ctx, fresh, backup, key, held); err != nil {
		return r, errors.Join(err, remove(fresh))
	}
	if replaces {
		if r.aside, err = setAside(now, r.store); err != nil {
			return r, errors.Join(err, remove(fresh))
		}
	}
	return r, errors.Join(os.Rename(fresh, r.store), syncFolder(filepath.Dir(r.store)), forgetSetup(setupFile(r.store)))
}

// fill makes the file fresh with what is in the backup, and compares the users with
// those of the store before.
func (r *restored) fill(ctx context.Context, fresh, backup string, key *seal.Key, before *boltstore.Store) (err error) {
	from, closeFrom, err := openBackup(ctx, backup, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFrom()) }()
	file, err := boltstore.Open(fresh, boltstore.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	to, err := seal.Wrap(ctx, file, key)
	if err != nil {
		return err
	}
	if r.About, err = admin.Restore(ctx, from, to); err != nil {
		return fmt.Errorf("%s: %w", backup, err)
	}
	if r.Users > 0 {
		if err := seal.MarkUsersExist(r.store); err != nil {
			return err
		}
	}
	if before == nil {
		return nil
	}
	r.enabled, err = enabledBy(ctx, to, before, key)
	return err
}

// openBackup opens a backup for reading.
func openBackup(ctx context.Context, path string, key *seal.Key) (store.Store, func() error, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("backup: %w", err)
	}
	file, err := boltstore.Open(path, boltstore.Options{ReadOnly: true})
	if errors.Is(err, store.ErrCorrupt) {
		return nil, nil, fmt.Errorf("%w: %s is damaged, or something else", admin.ErrNoBackup, path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("backup: %w", err)
	}
	sealed, err := seal.Wrap(ctx, file, key)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("backup %s: %w", path, err), file.Close())
	}
	return sealed, file.Close, nil
}

// enabledBy returns the users of the new store who may sign in, and could not by the
// old one. What the old one cannot tell is left out.
func enabledBy(ctx context.Context, now store.Store, before *boltstore.Store, key *seal.Key) ([]string, error) {
	old, err := seal.Wrap(ctx, before, key)
	if err != nil {
		return nil, nil // sealed with another key
	}
	could := map[string]bool{}
	if err := eachEnabled(ctx, old, func(id, _ string) { could[id] = true }); err != nil {
		return nil, nil
	}
	var names []string
	err = eachEnabled(ctx, now, func(id, name string) {
		if !could[id] {
			names = append(names, name)
		}
	})
	return names, err
}

func eachEnabled(ctx context.Context, s store.Store, tell func(id, name string)) error {
	users, err := local.New(s, func(name string) string { return name }, local.Options{}).List(ctx)
	for _, user := range users {
		if !user.Disabled {
			tell(user.ID, user.Name)
		}
	}
	return err
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder makes a rename durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
