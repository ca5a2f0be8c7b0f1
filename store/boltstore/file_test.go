// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// The file holds what opens the door: nobody but its user may read it.
func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "gatehouse.db")
	openFile(t, path)
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): fs.ModeDir | 0o700, filepath.Dir(filepath.Dir(path)): fs.ModeDir | 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: got mode %v, want %v", name, info.Mode(), want)
		}
	}
}

// A file that somebody holds is refused soon, and the error says who it is.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	for _, o := range []boltstore.Options{{Timeout: time.Millisecond}, {Timeout: time.Millisecond, ReadOnly: true}} {
		_, err := boltstore.Open(path, o)
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "--address") {
			t.Fatalf("open while open: got error %v", err)
		}
		if runtime.GOOS == "linux" && !strings.Contains(err.Error(), "already open in this process") {
			t.Errorf("error does not say who holds the file: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openFile(t, path)
}

// What cannot be a store file is refused with a reason.
func TestPaths(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(folder, boltstore.Options{}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a folder: got error %v", err)
	}
	if _, err := boltstore.Open(filepath.Join(file, "gatehouse.db"), boltstore.Options{}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("below a file: got error %v", err)
	}
	missing := filepath.Join(folder, "x", "missing.db")
	if _, err := boltstore.Open(missing, boltstore.Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file, read-only: got error %v", err)
	}
	if _, err := os.Stat(filepath.Dir(missing)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opening read-only made something: %v", err)
	}
	openFile(t, file) // what a crash right after creation leaves
}

// Everything is there after closing and opening again, also read-only, where
// nothing can be changed.
func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	r := store.Record{Kind: "session", ID: store.NewID(time.Now()), Idle: time.Hour, Seen: time.Now()}
	commit(t, s, store.Put{Record: r}, store.PutDocument{Document: store.Document{Name: "d", Data: []byte("x")}})
	if _, err := s.Add(t.Context(), "c", 3, time.Hour); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if s, err = boltstore.Open(path, boltstore.Options{ReadOnly: true}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if _, err := s.Get(t.Context(), "session", r.ID); err != nil {
			t.Error(err)
		}
		if _, err := s.Document(t.Context(), "d"); err != nil {
			t.Error(err)
		}
		if sum, err := s.Add(t.Context(), "c", 0, 0); sum != 3 || err != nil {
			t.Errorf("counter: %d, %v", sum, err)
		}
		if err := s.Commit(t.Context(), store.DeleteDocument{Name: "d"}); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("write while read-only: got error %v", err)
		}
	}
}

func commit(t testing.TB, s store.Store, changes ...store.Change) {
	t.Helper()
	if err := s.Commit(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
}

// A store without documents has never had a user.
func TestEmpty(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	commit(t, s, store.Put{Record: store.Record{Kind: "code", ID: store.NewID(time.Now())}})
	if empty, err := s.Empty(); !empty || err != nil {
		t.Errorf("without documents: got %v, %v", empty, err)
	}
	commit(t, s, store.PutDocument{Document: store.Document{Name: "user/a"}})
	if empty, err := s.Empty(); empty || err != nil {
		t.Errorf("with a document: got %v, %v", empty, err)
	}
	s.Close()
	if _, err := s.Empty(); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("closed: got error %v", err)
	}
}

// A backup is a whole store file of one moment, though others write meanwhile.
func TestBackup(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	commit(t, s, store.PutDocument{Document: store.Document{Name: "a"}}, store.PutDocument{Document: store.Document{Name: "b"}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	written := make(chan struct{})
	go func() {
		defer close(written)
		for version := uint64(1); ctx.Err() == nil; version++ {
			err := s.Commit(t.Context(),
				store.PutDocument{Document: store.Document{Name: "a", Version: version}},
				store.PutDocument{Document: store.Document{Name: "b", Version: version}})
			if err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range 5 {
		var copied bytes.Buffer
		if err := s.Backup(t.Context(), &copied); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), fmt.Sprint("copy-", i))
		if err := os.WriteFile(path, copied.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		checkFile(t, path)
		c := openFile(t, path)
		a, errA := c.Document(t.Context(), "a")
		b, errB := c.Document(t.Context(), "b")
		if errA != nil || errB != nil || a.Version != b.Version {
			t.Errorf("copy holds version %d of a and %d of b: %v, %v", a.Version, b.Version, errA, errB)
		}
	}
	cancel()
	<-written
	if err := s.Backup(ctx, new(bytes.Buffer)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled backup: got error %v", err)
	}
}

// What changes nothing writes nothing: refusals, wrong hashes, reading counters,
// sweeping when nothing is due, asking for health. A flood of such calls must not
// reach the disk.
func TestNothingIsNotWritten(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	r := store.Record{Kind: "code", ID: store.NewID(time.Now()), Reads: 1, Seen: time.Now(), Secrets: make([]store.Secret, 1)}
	commit(t, s, store.Put{Record: r})
	before := s.Stats()
	if before.Writes != 1 || before.Commits != 1 || before.Size == 0 {
		t.Errorf("after one write: %+v", before)
	}
	ctx := t.Context()
	s.Commit(ctx)
	s.Commit(ctx, store.Put{Record: r})
	s.Commit(ctx, store.Delete{Kind: "code", ID: store.NewID(time.Now())})
	s.Read(ctx, "code", r.ID, [32]byte{1})
	s.Touch(ctx, "code", map[store.ID]time.Time{r.ID: r.Seen, store.NewID(time.Now()): time.Now()})
	s.Add(ctx, "c", 0, time.Hour)
	s.Sweep(ctx, 100)
	if err := s.Healthy(ctx); err != nil {
		t.Error(err)
	}
	after := s.Stats()
	if after.Writes != before.Writes || after.Commits != before.Commits {
		t.Errorf("got %+v, before %+v", after, before)
	}
}
