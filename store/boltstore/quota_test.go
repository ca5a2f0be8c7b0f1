// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// The count that quotas of a kind compare with is that of the file, whatever way
// records come and go: put, put over an expired one, refused, deleted, read to the
// last, swept.
func TestCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for range 500 {
		r := store.Record{Kind: "code", ID: store.NewID(time.Now()), Reads: 1, Secrets: make([]store.Secret, 1)}
		if rand.IntN(2) == 0 {
			r.Expires = time.Now().Add(time.Millisecond)
		}
		if err := s.Commit(ctx, store.Put{Record: r}); err != nil {
			t.Fatal(err)
		}
		switch rand.IntN(6) {
		case 0:
			s.Commit(ctx, store.Delete{Kind: "code", ID: r.ID})
		case 1:
			s.Read(ctx, "code", r.ID, [32]byte{})
		case 2:
			s.Commit(ctx, store.Put{Record: r}) // refused, or over the expired one
		case 3:
			s.Sweep(ctx, 10)
		case 4:
			s.Commit(ctx, store.Delete{Kind: "code", ID: r.ID}, store.Delete{Kind: "code", ID: store.NewID(time.Now())})
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	stored := make(counts)
	if err := again.view(context.Background(), stored.find); err != nil {
		t.Fatal(err)
	}
	if got, want := s.counts["code"], stored["code"]; got != want || want == 0 {
		t.Errorf("%d counted, %d stored", got, want)
	}
}
