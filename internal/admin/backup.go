// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store"
)

// aboutDocument is in a backup and in no other store, so that one is not taken
// for the other.
const aboutDocument = "backup/about"

// backupFormat is the version of what a backup holds.
const backupFormat = 1

// copyBatch is how many documents are copied in one commit.
const copyBatch = 256

// About says what a backup is.
type About struct {
	Format int `json:"format"`
	// Made is when the backup was taken.
	Made time.Time `json:"made"`
	// Users is how many accounts it holds, those of disabled users too.
	Users int `json:"users"`
}

// ErrNoBackup means that a file is a store, or something else, but no backup.
var ErrNoBackup = errors.New("no backup")

// Backup copies users, keys and settings from one open store into another, empty
// one. Sessions, one-time codes and counters are left behind: nothing that a backup
// brings back may let anybody in.
func Backup(ctx context.Context, from, to store.Store, now time.Time) (About, error) {
	about := About{Format: backupFormat, Made: now.UTC().Truncate(time.Second)}
	users, err := local.New(from, func(name string) string { return name }, local.Options{}).List(ctx)
	if err != nil {
		return About{}, fmt.Errorf("backup: %w", err)
	}
	about.Users = len(users)
	data, err := json.Marshal(about)
	if err != nil {
		return About{}, fmt.Errorf("backup: %w", err)
	}
	// The mark comes last: a backup that was cut short is none.
	if err := copyDocuments(ctx, from, to); err != nil {
		return About{}, fmt.Errorf("backup: %w", err)
	}
	err = to.Commit(ctx, store.PutDocument{Document: store.Document{Name: aboutDocument, Data: data}})
	if err != nil {
		return About{}, fmt.Errorf("backup: %w", err)
	}
	return about, nil
}

// Restore copies a backup into an empty store and retires its signing keys: who
// has had the backup may have had them, and what they sign must not count again
// for longer than the assertions of the day live.
func Restore(ctx context.Context, from, to store.Store) (About, error) {
	var about About
	document, err := from.Document(ctx, aboutDocument)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return about, fmt.Errorf("%w: it does not say that it is one; `caddy gatehouse backup FILE` makes one", ErrNoBackup)
	case err != nil:
		return about, fmt.Errorf("restore: %w", err)
	}
	if err := json.Unmarshal(document.Data, &about); err != nil {
		return about, fmt.Errorf("restore: %w: document %q", store.ErrCorrupt, aboutDocument)
	}
	if about.Format != backupFormat {
		return about, fmt.Errorf("%w that this program can read: its format is %d, known is %d", ErrNoBackup, about.Format, backupFormat)
	}
	if err := copyDocuments(ctx, from, to); err != nil {
		return about, fmt.Errorf("restore: %w", err)
	}
	return about, retireKeys(ctx, to)
}

// retireKeys rotates until neither the keys that signed nor those that were to
// follow them will sign.
func retireKeys(ctx context.Context, s store.Store) error {
	ring, err := keyring.Open(ctx, s, keyring.Schedule{}, zap.NewNop())
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for range 2 {
		if err := ring.Rotate(ctx); err != nil {
			return fmt.Errorf("restore: retire the signing keys: %w", err)
		}
	}
	return nil
}

// copyDocuments copies all documents but the mark of a backup.
func copyDocuments(ctx context.Context, from, to store.Store) error {
	var batch []store.Change
	flush := func() error {
		err := to.Commit(ctx, batch...)
		batch = batch[:0]
		return err
	}
	for document, err := range from.Documents(ctx, "") {
		if err != nil {
			return err
		}
		if document.Name == aboutDocument {
			continue
		}
		document.Version = 0
		batch = append(batch, store.PutDocument{Document: document})
		if len(batch) == copyBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
