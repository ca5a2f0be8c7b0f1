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

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"go.uber.org/zap"
)

func init() { caddy.RegisterModule(new(Bbolt)) }

// keyVariable is the environment variable that holds the sealing key where it is
// not to lie beside the store.
const keyVariable = "GATEHOUSE_SEALING_KEY"

// Bbolt keeps everything in one bbolt file, for one gateway. What is secret is
// sealed with the key in the file of the same name with `.key` behind it, which is
// made with the store; or with the key in the environment variable
// `GATEHOUSE_SEALING_KEY`, 32 random bytes in base64. Keep a copy of the key where
// the copies of the store are not: neither is of use without the other.
type Bbolt struct {
	// The file. A relative path begins at Caddy's working directory; directories
	// that are missing are made. One running Caddy at a time can hold it. Default:
	// `gatehouse/gatehouse.db` below Caddy's data directory.
	Path string `json:"path,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Bbolt) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "gatehouse.stores.bbolt", New: func() caddy.Module { return new(Bbolt) }}
}

// Provision fills in the default.
func (b *Bbolt) Provision(caddy.Context) (err error) {
	if b.Path == "" {
		b.Path = filepath.Join(caddy.AppDataDir(), "gatehouse", "gatehouse.db")
	}
	b.Path, err = expand(b.Path)
	return err
}

// UnmarshalCaddyfile reads the store from a Caddyfile.
//
// Syntax:
//
//	bbolt [PATH]
func (b *Bbolt) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return option{usage: "[PATH]", max: 1, words: func(words []string) error {
		if len(words) == 1 {
			b.Path = words[0]
		}
		return nil
	}}.read(d, "bbolt")
}

// Place returns the canonical absolute path of the file, so that two ways of
// writing it are one file.
func (b *Bbolt) Place() (string, error) {
	path, err := filepath.Abs(b.Path)
	if err != nil {
		return "", fmt.Errorf("store bbolt %q: %w", b.Path, err)
	}
	place, err := canonicalFile(path)
	if err != nil {
		return "", errPlace(path, err)
	}
	return place, nil
}

// canonicalFile follows the symbolic links of as much of the path as exists.
func canonicalFile(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path, nil
	}
	parent, err = canonicalFile(parent)
	return filepath.Join(parent, filepath.Base(path)), err
}

// Open opens the file and its key. A file that is missing or empty although it has
// held users was lost, and is not begun anew by itself: whoever came first could
// make themselves the first account.
func (b *Bbolt) Open(ctx context.Context, logger *zap.Logger) (Opened, error) {
	path, err := b.Place()
	if err != nil {
		return Opened{}, err
	}
	existed, err := seal.UsersExisted(path)
	if err != nil {
		return Opened{}, err
	}
	if existed && isMissing(path) {
		return Opened{}, errLost(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Opened{}, errPlace(path, err)
	}
	opened, err := boltstore.Open(path, boltstore.Options{
		OnError: func(err error) { logger.Error("store", zap.Error(err)) },
	})
	if err != nil {
		return Opened{}, owned(path, err)
	}
	key, err := b.key(path, opened, existed)
	if err != nil {
		return Opened{}, errors.Join(owned(path, err), opened.Close())
	}
	return Opened{
		Store:   opened,
		Key:     key,
		KeyFile: seal.KeyFile(path),
		FirstUser: func() error {
			return errors.Join(seal.MarkUsersExist(path), forgetSetup(setupFile(path)))
		},
		Private: setupFile(path),
	}, nil
}

// setupFile is where the link for the first account is left.
func setupFile(path string) string { return path + ".setup" }

// key returns the key of an open store, and makes one for a store that is new.
func (b *Bbolt) key(path string, opened *boltstore.Store, existed bool) (*seal.Key, error) {
	empty, err := opened.Empty()
	switch {
	case err != nil:
		return nil, err
	case empty && existed:
		return nil, errLost(path)
	}
	if text := os.Getenv(keyVariable); text != "" {
		return seal.KeyFromText(text)
	}
	file := seal.KeyFile(path)
	key, err := seal.LoadKey(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if !empty {
		return nil, fmt.Errorf("the store %s is sealed, and its key %s is missing: bring the key back from where you keep its copy, or set %s; without it nothing in the store can be read", path, file, keyVariable)
	}
	return seal.CreateKey(file)
}

// isMissing reports whether there is no file, or one in which nothing was written.
func isMissing(path string) bool {
	info, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0
}

// errPlace is for a file that cannot be where it is to be.
func errPlace(path string, err error) error {
	return fmt.Errorf("the store %s cannot be there: %w: make the folder %s and give it to the user that Caddy runs as, or name another place with store bbolt PATH", path, err, filepath.Dir(path))
}

// owned adds to an error that says "permission denied" what to do about it: commands
// that ran as root, before Caddy ran as somebody else, leave files of root.
func owned(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("%w: give %s and all that is in it to the user that Caddy runs as, and run commands as that user", err, filepath.Dir(path))
}

func errLost(path string) error {
	return fmt.Errorf("the store %s is empty, and it has held users: it was lost, or its volume is not there. Bring it back with `caddy gatehouse restore`; or, if it is gone for good, begin anew with `caddy gatehouse init --new`", path)
}

var (
	_ caddy.Provisioner     = (*Bbolt)(nil)
	_ caddyfile.Unmarshaler = (*Bbolt)(nil)
	_ StoreOpener           = (*Bbolt)(nil)
)
