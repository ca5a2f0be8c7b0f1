// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// A record ends with the earlier of its limits, at the moment itself; without a
// limit it never does.
func TestExpired(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name    string
		record  store.Record
		expired bool
	}{
		{"no limit", store.Record{}, false},
		{"no limit, long ago", store.Record{Seen: now.Add(-1e6 * time.Hour)}, false},
		{"expires later", store.Record{Expires: now.Add(1)}, false},
		{"expires now", store.Record{Expires: now}, true},
		{"idle ends later", store.Record{Seen: now.Add(1 - time.Hour), Idle: time.Hour}, false},
		{"idle ends now", store.Record{Seen: now.Add(-time.Hour), Idle: time.Hour}, true},
		{"idle, never seen", store.Record{Idle: time.Hour}, true},
		{"idle over, lifetime not", store.Record{Expires: now.Add(1), Seen: now.Add(-time.Hour), Idle: time.Hour}, true},
		{"lifetime over, idle not", store.Record{Expires: now, Seen: now, Idle: time.Hour}, true},
		{"neither over", store.Record{Expires: now.Add(1), Seen: now, Idle: time.Hour}, false},
	} {
		if got := test.record.Expired(now); got != test.expired {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}
