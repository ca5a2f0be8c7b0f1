// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"go.etcd.io/bbolt"
)

// crashFile names the file that a child process writes to until it is killed.
const crashFile = "GATEHOUSE_TEST_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const (
	crashWorkers   = 8
	limitedReaders = 64
)

// limitedRecord returns the one record that all readers share, in all rounds.
func limitedRecord(s *boltstore.Store) (store.Record, error) {
	for r, err := range s.List(context.Background(), "limited", store.Filter{}) {
		return r, err
	}
	r := store.Record{Kind: "limited", ID: store.NewID(time.Now()), Reads: 1 << 30, Secrets: []store.Secret{{Hash: [32]byte{1}}}}
	return r, s.Commit(context.Background(), store.Put{Record: r})
}

// maintain sweeps, compacts and touches.
func maintain(s *boltstore.Store) error {
	ctx := context.Background()
	if _, err := s.Sweep(ctx, 100); err != nil {
		return err
	}
	if err := s.Touch(ctx, "code", map[store.ID]time.Time{store.NewID(time.Now()): time.Now()}); err != nil {
		return err
	}
	return s.Compact(ctx)
}

// writeUntilKilled writes from several goroutines and prints a line for each
// answer it got.
func writeUntilKilled(path string) error {
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() { // so that the process also dies in the middle of these
		for {
			if err := maintain(s); err != nil {
				failed <- fmt.Errorf("maintenance: %w", err)
			}
		}
	}()
	limited, err := limitedRecord(s)
	if err != nil {
		return err
	}
	for range limitedReaders {
		go func() {
			for {
				r, err := s.Read(context.Background(), limited.Kind, limited.ID, limited.Secrets[0].Hash)
				if err != nil {
					failed <- fmt.Errorf("limited read: %w", err)
				}
				acknowledge("read %d 1", r.Reads)
			}
		}()
	}
	for n := range crashWorkers {
		go func() {
			for {
				if err := crashLife(s, n); err != nil {
					failed <- fmt.Errorf("worker %d: %w", n, err)
				}
			}
		}()
	}
	return <-failed
}

// crashLife is the life of one record: made, read twice, and every other time
// deleted together with a document's change.
func crashLife(s *boltstore.Store, worker int) error {
	ctx := context.Background()
	r := store.Record{
		Kind: "code", ID: store.NewID(time.Now()), Reads: 3, Expires: time.Now().Add(time.Hour),
		Secrets: []store.Secret{{Hash: [32]byte{1}}}, Payload: make([]byte, rand.IntN(3000)),
	}
	if err := s.Commit(ctx, store.Put{Record: r}); err != nil {
		return err
	}
	acknowledge("record %s %d", r.ID, 3)
	for left := 2; left > 0; left-- {
		if _, err := s.Read(ctx, r.Kind, r.ID, r.Secrets[0].Hash); err != nil {
			return err
		}
		acknowledge("record %s %d", r.ID, left)
	}
	if rand.IntN(2) == 0 {
		return nil
	}
	name := fmt.Sprint("worker-", worker)
	doc, err := s.Document(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	doc.Name, doc.Data = name, []byte(r.ID.String())
	if err := s.Commit(ctx, store.Delete{Kind: r.Kind, ID: r.ID}, store.PutDocument{Document: doc}); err != nil {
		return err
	}
	acknowledge("record %s %d", r.ID, 0)
	acknowledge("document %s %d", name, doc.Version+1)
	sum, err := s.Add(ctx, "all", 1, time.Hour)
	acknowledge("counter all %d", sum)
	return err
}

// acknowledge writes one line at once, so that a kill never leaves half of it
// between others.
func acknowledge(format string, args ...any) {
	os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n")
}

// A server that is killed at any moment has kept everything that it answered: no
// record is lost, no deleted or read one comes back, no commit is there by half,
// no read that is limited is answered twice to any of 64 readers, and the file is
// sound. The killer strikes after a random number of answers, while
// others write and the file is compacted again and again.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	known := acknowledged{"record": {}, "document": {}, "counter": {}, "read": {}}
	rounds := 50
	if testing.Short() || raceDetector {
		rounds = 12
	}
	for round := range rounds {
		killed := known.run(t, path, 1+rand.IntN(1500))
		known.check(t, path)
		if t.Failed() {
			t.Fatalf("in round %d, killed after %d answers", round, killed)
		}
	}
}

// acknowledged is what was last answered about each thing: the reads left of a
// record, the version of a document, the sum of a counter.
type acknowledged map[string]map[string]int

// run starts a child, kills it after so many answers, and notes all it gave.
func (known acknowledged) run(t *testing.T, path string, answers int) int {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashFile+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var kill sync.Once
	lines := bufio.NewScanner(out)
	seen := 0
	for lines.Scan() {
		var shape, key string
		var value int
		if n, _ := fmt.Sscanf(lines.Text(), "%s %s %d", &shape, &key, &value); n != 3 {
			t.Fatalf("child printed %q", lines.Text())
		}
		if _, twice := known[shape][key]; twice && shape == "read" {
			t.Errorf("two reads were answered with %s left", key)
		}
		// Lines of one thing come in order, except the counter's, which all share.
		if shape != "counter" || value > known[shape][key] {
			known[shape][key] = value
		}
		if seen++; seen >= answers {
			kill.Do(func() { child.Process.Kill() })
		}
	}
	child.Wait() // it was killed
	if seen < answers {
		t.Fatalf("child ended by itself after %d answers", seen)
	}
	return seen
}

func (known acknowledged) check(t *testing.T, path string) {
	t.Helper()
	checkFile(t, path)
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ahead := 0 // things that are one step further than was answered
	for key, left := range known["record"] {
		reads, step := checkRecord(t, s, key, left)
		ahead += step
		known["record"][key] = reads
	}
	for name, version := range known["document"] {
		doc, err := s.Document(t.Context(), name)
		if err != nil {
			t.Errorf("document %s of version %d: %v", name, version, err)
		}
		ahead += checkStep(t, "version of "+name, int(doc.Version), version, 1)
		known["document"][name] = int(doc.Version)
		// The commit that wrote the document also deleted the record it names.
		id, err := store.ParseID(string(doc.Data))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), "code", id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("half a commit: document %s names a record that is still there: %v", name, err)
		}
	}
	sum, err := s.Add(t.Context(), "all", 0, 0)
	if err != nil || sum < known["counter"]["all"] || sum > known["counter"]["all"]+crashWorkers {
		t.Errorf("counter: %d, %v, answered %d", sum, err, known["counter"]["all"])
	}
	known["counter"]["all"] = sum
	if ahead > 2*crashWorkers {
		t.Errorf("%d things are ahead of their answers, with %d workers", ahead, crashWorkers)
	}
	for r, err := range s.List(t.Context(), "code", store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		known["record"][r.ID.String()] = int(r.Reads) // from here on it must stay
	}
}

// checkRecord returns the reads that are left, and 1 when the record is one step
// further than was answered.
func checkRecord(t *testing.T, s *boltstore.Store, key string, left int) (reads, ahead int) {
	t.Helper()
	id, err := store.ParseID(key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Get(t.Context(), "code", id)
	switch {
	case left == 0 && !errors.Is(err, store.ErrNotFound):
		t.Errorf("record %s was deleted and is back: %v", key, err)
	case left > 1 && err != nil:
		t.Errorf("record %s is lost: %v", key, err)
	case left > 0 && err != nil && !errors.Is(err, store.ErrNotFound):
		t.Errorf("record %s: %v", key, err)
	}
	return int(r.Reads), checkStep(t, "reads left of "+key, int(r.Reads), left, -1)
}

// checkStep checks that got is what was answered, or one step further, which was
// on its way when the process was killed.
func checkStep(t *testing.T, what string, got, answered, step int) int {
	t.Helper()
	switch got {
	case answered:
		return 0
	case answered + step:
		return 1
	}
	t.Errorf("%s: %d, answered %d", what, got, answered)
	return 0
}

// checkFile runs bbolt's own check.
func checkFile(t testing.TB, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
