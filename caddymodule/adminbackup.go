// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// Headers of an answer with a backup: how many users it holds, and the file with
// the sealing key, without which nobody can read it.
const (
	backupUsers = "Gatehouse-Users"
	backupKey   = "Gatehouse-Key-File"
)

// serveBackup sends a backup: a store file of its own, sealed with the same key.
func (o *operator) serveBackup(w http.ResponseWriter, r *http.Request) (err error) {
	folder, err := os.MkdirTemp("", "gatehouse-backup-")
	if err != nil {
		return reply(w, nil, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	file, about, err := o.copyTo(r.Context(), filepath.Join(folder, "backup.db"))
	if err != nil {
		return reply(w, nil, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set(backupUsers, strconv.Itoa(about.Users))
	w.Header().Set(backupKey, o.house.keyFile)
	if file.Backup(r.Context(), w) != nil {
		// The half that was sent must not look like a whole.
		panic(http.ErrAbortHandler)
	}
	return nil
}

// copyTo copies what a backup holds into a new store file, which the caller closes.
func (o *operator) copyTo(ctx context.Context, path string) (*boltstore.Store, admin.About, error) {
	file, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return nil, admin.About{}, err
	}
	sealed, err := seal.Wrap(ctx, file, o.house.Seal)
	if err != nil {
		return nil, admin.About{}, errors.Join(err, file.Close())
	}
	about, err := admin.Backup(ctx, o.house.Live, sealed, time.Now())
	if err != nil {
		return nil, admin.About{}, errors.Join(err, file.Close())
	}
	return file, about, nil
}
