// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A marker beside the key says that the store has had users. When it stands and
// the store is empty, the store has been lost (a volume that is not mounted, a
// wrong path), and whoever comes first must not be asked to make the first account.

const markerText = `The store beside this file has users. While this file is here, an empty store
counts as lost and nobody is let in: restore a backup (caddy gatehouse restore), or
begin anew without them (caddy gatehouse init --new), which moves this file aside.
`

// MarkerFile is where the mark of a database is.
func MarkerFile(database string) string { return database + ".users" }

// MarkUsersExist notes, durably, that a database has users. Call it with the first
// one; later calls do nothing.
func MarkUsersExist(database string) error {
	err := writeNew(MarkerFile(database), markerText)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("mark that users exist: %w", err)
	}
	return nil
}

// UsersExisted reports whether MarkUsersExist was ever called for this path. When
// that cannot be known it is an error, never false.
func UsersExisted(database string) (bool, error) {
	_, err := os.Stat(MarkerFile(database))
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, fmt.Errorf("look for the marker of users: %w", err)
	}
}
