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
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"go.uber.org/zap"
)

func init() { caddy.RegisterModule(new(Bbolt)) }

// Bbolt keeps everything in one bbolt file, for one gateway. What is secret is
// sealed with the key in the file of the same name with `.key` behind it.
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
	return canonicalFile(path)
}

// Open opens the file, and makes it and its directory if they are missing.
func (b *Bbolt) Open(_ context.Context, logger *zap.Logger) (store.Store, error) {
	path, err := b.Place()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("store bbolt: %w: let Caddy's user write there, or choose another path", err)
	}
	return boltstore.Open(path, boltstore.Options{OnError: func(err error) {
		logger.Error("store: a transaction did not reach the disk", zap.Error(err))
	}})
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

var (
	_ caddy.Provisioner     = (*Bbolt)(nil)
	_ caddyfile.Unmarshaler = (*Bbolt)(nil)
	_ StoreOpener           = (*Bbolt)(nil)
)
