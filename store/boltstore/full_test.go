// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package boltstore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// disk returns a folder on a file system of so many megabytes.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	folder := t.TempDir()
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
	if refused := errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES); refused && os.Getenv("GATEHOUSE_REQUIRE") != "all" {
		t.Skip("needs the right to mount a small file system: run as root")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// A disk that runs full while people are signed in: whoever cannot be written is
// told so (ErrFull), nothing that was answered is lost, sessions can be looked up
// and ended, and with room again the store goes on by itself. A compaction for
// which there is no room is given up and takes none.
func TestDiskFull(t *testing.T) {
	folder := disk(t, 24)
	path, ballast := filepath.Join(folder, "gatehouse.db"), filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var reported atomic.Int32
	s, err := boltstore.Open(path, boltstore.Options{OnError: func(err error) {
		reported.Add(1)
		if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), path) {
			t.Errorf("reported: %v", err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var live []store.ID
	for _, size := range []int{20_000, 2000, 0} { // down to what fits into any gap
		for {
			r := session()
			r.Payload = make([]byte, size)
			err := s.Commit(t.Context(), store.Put{Record: r})
			if err == nil {
				live = append(live, r.ID)
				continue
			}
			if !errors.Is(err, store.ErrFull) {
				t.Fatalf("on a full disk: got error %v, want ErrFull", err)
			}
			break
		}
	}
	if err := s.Healthy(t.Context()); !errors.Is(err, store.ErrFull) {
		t.Errorf("health: got error %v, want ErrFull", err)
	}
	if err := s.Compact(t.Context()); !errors.Is(err, store.ErrFull) {
		t.Errorf("compaction: got error %v, want ErrFull", err)
	}
	lookUpAll(t, s, live)
	if err := os.Truncate(ballast, 7<<20); err != nil { // hardly any room
		t.Fatal(err)
	}
	for _, id := range live[:10] {
		if err := s.Commit(t.Context(), store.Delete{Kind: "session", ID: id}); err != nil {
			t.Errorf("ending a session: %v", err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.Healthy(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
	commit(t, s, store.Put{Record: session()})
	if reported.Load() == 0 {
		t.Error("nothing was reported")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
	lookUpAll(t, openFile(t, path), live[10:])
}

func lookUpAll(t *testing.T, s store.Store, ids []store.ID) {
	t.Helper()
	for _, id := range ids {
		if _, err := s.Get(t.Context(), "session", id); err != nil {
			t.Fatalf("record %v: %v", id, err)
		}
	}
}

// A disk that refuses every write, as a failing one does: nobody is told that
// something was done, look-ups go on, the cause is reported, and when the disk is
// back, so is the store, with everything that it had answered and nothing else.
func TestDiskFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	var reported atomic.Int32
	s, err := boltstore.Open(path, boltstore.Options{OnError: func(err error) { reported.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	live := puts(t, s, 100, func(*store.Record) {})
	mend := breakFile(t, path)
	if err := s.Commit(t.Context(), store.Delete{Kind: "session", ID: live[0]}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a logout: got error %v, want ErrUnavailable", err)
	}
	if err := s.Healthy(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("health: got error %v, want ErrUnavailable", err)
	}
	lookUpAll(t, s, live)
	if n := reported.Load(); n != 2 {
		t.Errorf("reported %d times, want one for each transaction, 2", n)
	}
	mend()
	if err := s.Healthy(t.Context()); err != nil {
		t.Errorf("with the disk back: %v", err)
	}
	commit(t, s, store.Delete{Kind: "session", ID: live[0]})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path)
	lookUpAll(t, openFile(t, path), live[1:])
}

// What was answered early and cannot be written is kept and seen, whoever comes next
// learns of the failure, and when the disk is back it is written without anybody's
// help.
func TestRelaxedOnFailingDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s := openFile(t, path)
	early := session()
	commit(t, s, store.Put{Record: session()})
	mend := breakFile(t, path)
	if err := s.CommitRelaxed(t.Context(), store.Put{Record: early}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("flush on a disk that fails: %v", err)
	}
	if err := s.CommitRelaxed(t.Context(), store.Put{Record: session()}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the next early answer: %v", err)
	}
	if _, err := s.Get(t.Context(), "session", early.ID); err != nil {
		t.Errorf("what was answered is not seen: %v", err)
	}
	mend()
	for end := time.Now().Add(time.Minute); s.Stats().Writes < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it was not written")
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openFile(t, path).Get(t.Context(), "session", early.ID); err != nil {
		t.Errorf("after a start: %v", err)
	}
}

// breakFile makes every write of this process to an open file fail, until mend is
// called: the descriptor that writes becomes one that may only read.
func breakFile(t *testing.T, path string) (mend func()) {
	t.Helper()
	fd := -1
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range descriptors {
		if to, _ := os.Readlink("/proc/self/fd/" + d.Name()); to == path {
			fd, _ = strconv.Atoi(d.Name())
		}
	}
	if fd < 0 {
		t.Fatal("the file is not open")
	}
	kept, err := syscall.Dup(fd) // and with it the lock
	if err != nil {
		t.Fatal(err)
	}
	readOnly, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	if err := syscall.Dup3(int(readOnly.Fd()), fd, syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(syscall.Dup3(kept, fd, syscall.O_CLOEXEC), syscall.Close(kept)); err != nil {
			t.Fatal(err)
		}
	}
}
