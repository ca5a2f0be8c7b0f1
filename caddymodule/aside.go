// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// setAside renames files, in order, and returns the new names of those that there were.
func setAside(now time.Time, paths ...string) (moved []string, err error) {
	suffix, err := asideSuffix(now, paths)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		err := os.Rename(path, path+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return moved, err
		}
		moved = append(moved, path+suffix)
	}
	return moved, nil
}

// asideSuffix returns what can stand behind each of the paths: the second, and a number
// when something was set aside in the same one.
func asideSuffix(now time.Time, paths []string) (string, error) {
	second := ".old-" + now.Format("20060102-150405")
	suffix := second
	for n := 2; ; n++ {
		taken := false
		for _, path := range paths {
			_, err := os.Lstat(path + suffix)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", fmt.Errorf("cannot set %s aside: %w", path, err)
			}
			taken = taken || err == nil
		}
		if !taken {
			return suffix, nil
		}
		suffix = fmt.Sprintf("%s-%d", second, n)
	}
}
