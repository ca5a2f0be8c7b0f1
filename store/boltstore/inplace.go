// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"fmt"
	"os"

	"github.com/gatehouse-sso/gatehouse/store"
)

// inPlace returns an error when the path does not lead to the open file any more.
// Somebody has removed, moved or replaced it under a running gateway; what is
// written now would be gone with the process, a logout too.
func (s *Store) inPlace() error {
	now, err := os.Stat(s.path)
	if err == nil && os.SameFile(now, s.file.Load().info) {
		return nil
	}
	return fmt.Errorf("%w: the store file %s was removed, moved or replaced while it was open: put it back where it was, or restart with the file that is there", store.ErrUnavailable, s.path)
}
