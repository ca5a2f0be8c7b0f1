// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// TestCount: the count is that of one kind, of none when there never was one, and
// follows what is put and deleted, over many pages too.
func TestCount(t *testing.T) {
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "gatehouse.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Now()
	count := func(kind store.Kind, want int) {
		t.Helper()
		if got, err := s.Count(t.Context(), kind, at); got != want || err != nil {
			t.Errorf("%d of kind %q, %v, want %d", got, kind, err, want)
		}
	}
	count("session", 0)
	now := time.Now()
	var puts, deletes []store.Change
	for range 500 {
		id := store.NewID(now)
		puts = append(puts, store.Put{Record: store.Record{Kind: "session", ID: id, Created: now, Seen: now}})
		deletes = append(deletes, store.Delete{Kind: "session", ID: id})
	}
	if err := s.Commit(t.Context(), puts...); err != nil {
		t.Fatal(err)
	}
	count("session", 500)
	count("handoff", 0)
	if err := s.Commit(t.Context(), deletes[:499]...); err != nil {
		t.Fatal(err)
	}
	count("session", 1)
	ending := store.Record{Kind: "session", ID: store.NewID(now), Created: now, Seen: now, Idle: time.Hour}
	if err := s.Commit(t.Context(), store.Put{Record: ending}); err != nil {
		t.Fatal(err)
	}
	at = now.Add(time.Hour - time.Millisecond)
	count("session", 2)
	at = now.Add(time.Hour)
	count("session", 1)
}
