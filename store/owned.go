// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
)

// DeleteOwned deletes the records of a kind that belong to an owner, which may not be
// empty: no owner selects the records of everybody. It tries all that it can find before
// it returns an error.
func DeleteOwned(ctx context.Context, s Store, kind Kind, owner string) error {
	if owner == "" {
		return fmt.Errorf("deleting the %s records of an owner: no owner named", kind)
	}
	var failed error
	for record, err := range s.List(ctx, kind, Filter{Owner: owner}) {
		if err == nil {
			err = s.Commit(ctx, Delete{Kind: kind, ID: record.ID})
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
