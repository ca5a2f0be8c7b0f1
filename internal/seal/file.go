// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files beside a database.
const (
	keySuffix    = ".key"
	markerSuffix = ".users"
)

// KeyFile returns where the key of a database is kept.
func KeyFile(database string) string { return database + keySuffix }

// LoadKey reads a key file. A file that others may read is refused. When there
// is none, the error wraps fs.ErrNotExist.
func LoadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, fmt.Errorf("sealing key: others may read %s (mode %04o): say chmod 600 %s, and consider the key known to them", path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	key, err := KeyFromText(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("sealing key: %s does not hold a key: %w; bring the file back from where you keep its copy", path, err)
	}
	return key, nil
}

// CreateKey makes a fresh key and writes it to a new file that only its owner
// may read. It is on the disk when CreateKey returns: nothing may be sealed with a
// key that a power cut can take away.
func CreateKey(path string) (*Key, error) {
	key, text, err := generate()
	if err != nil {
		return nil, err
	}
	if err := writeNew(path, text+"\n"); err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	return key, nil
}

// UsersExisted reports whether a database beside this path has ever held users.
func UsersExisted(database string) (bool, error) {
	_, err := os.Stat(database + markerSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// MarkUsersExist notes that the database holds users. If it is found empty later,
// it was lost, and nobody may be offered to make the first account.
func MarkUsersExist(database string) error {
	err := writeNew(database+markerSuffix, "This gateway has users. Should its database be empty, it was lost: restore it.\n")
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// ForgetUsers removes the note, for an operator who begins anew on purpose.
func ForgetUsers(database string) error {
	err := os.Remove(database + markerSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// writeNew writes a file that must not exist, and makes sure that it and its
// name are on the disk.
func writeNew(path, text string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
