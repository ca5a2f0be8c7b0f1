// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// KeyFile returns where the key of a database is kept unless configured otherwise.
func KeyFile(database string) string { return database + ".key" }

// LoadKey reads a key file. One that others may read is refused: whoever could
// read it has the key for good, and a quiet chmod would hide that. The error is
// [fs.ErrNotExist] when there is none; whether that is the beginning or a loss,
// the caller must decide by what is in the store.
func LoadKey(path string) (*Key, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	defer file.Close()
	if err := private(file); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	return keyFromText(string(text), "key file "+path)
}

// private reports, on the open file, so that nobody swaps it in between, whether
// only its owner may use it.
func private(file *os.File) error {
	info, err := file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("sealing key: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("key file %s is not a regular file", file.Name())
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("key file %s can be read by others (mode %#o): if nobody has, `chmod 600 %[1]s`", file.Name(), info.Mode().Perm())
	}
	return nil
}

// CreateKey makes a new key and writes it to a new file that only its owner may
// read: nothing may be sealed with a key that a power cut can take away, so it is
// on disk when CreateKey returns. Never call it for a store that has content: a
// new key opens nothing.
func CreateKey(path string) (*Key, error) {
	key := randomKey("key file " + path)
	if err := writeNew(path, key.text()); err != nil {
		return nil, fmt.Errorf("make a sealing key: %w", err)
	}
	return key, nil
}

// writeNew makes a file that is on disk, under its name, when it returns. It never
// replaces one.
func writeNew(path, text string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		// Half a key is worse than none: it would be refused for ever.
		return errors.Join(err, os.Remove(path))
	}
	return syncFolder(folder)
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
