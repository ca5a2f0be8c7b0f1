// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package boltstore_test

import (
	"errors"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// A write for which there is no room is answered with ErrFull to everybody who
// waited for it, reads go on, what was there stays, and the store recovers by
// itself when there is room again. The limit of a process on the size of its
// files stands for the disk.
func TestFull(t *testing.T) {
	var reported atomic.Int32
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s, err := boltstore.Open(path, boltstore.Options{OnError: func(err error) {
		reported.Add(1)
		if !errors.Is(err, store.ErrFull) {
			t.Errorf("reported: %v", err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	live := store.Record{Kind: "session", ID: store.NewID(time.Now())}
	commit(t, s, store.Put{Record: live})

	big := func() error {
		return s.Commit(t.Context(),
			store.Put{Record: store.Record{Kind: "session", ID: store.NewID(time.Now()), Payload: make([]byte, 16<<20)}},
			store.Delete{Kind: "session", ID: live.ID})
	}
	withFileLimit(t, uint64(s.Stats().Size), func() {
		if err := big(); !errors.Is(err, store.ErrFull) {
			t.Errorf("got error %v, want ErrFull", err)
		}
		if _, err := s.Get(t.Context(), "session", live.ID); err != nil {
			t.Errorf("live session while the disk is full: %v", err)
		}
	})
	if n := reported.Load(); n != 1 {
		t.Errorf("reported %d times, want once", n)
	}
	if err := s.Healthy(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := big(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
}

// withFileLimit runs f while this process may not make a file larger than limit.
func withFileLimit(t *testing.T, limit uint64, f func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}()
	f()
}
