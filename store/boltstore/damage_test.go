// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"go.etcd.io/bbolt"
)

// sample returns the bytes of a store file with some of everything, deep
// enough to have branch pages and overflow pages.
func sample(t testing.TB, records int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.db")
	s := openFile(t, path)
	changes := []store.Change{
		store.PutDocument{Document: store.Document{Name: "user/a", Data: []byte("a")}},
		store.PutDocument{Document: store.Document{Name: "big", Data: make([]byte, 20_000)}},
	}
	for i := range records {
		changes = append(changes, store.Put{Record: store.Record{
			Kind: store.Kind(fmt.Sprint("kind-", i%2)), ID: store.NewID(time.Now()), Owner: "u-1",
			Secrets: []store.Secret{{Audience: "https://wiki.example.com"}},
			Payload: make([]byte, 50), Expires: time.Now().Add(time.Hour),
		}})
	}
	if err := s.Commit(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := s.Add(t.Context(), fmt.Sprint("counter-", i), 1, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	var data bytes.Buffer // not the file, which has room at its end
	if err := s.Backup(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// use opens a file that may be damaged and does a little of everything with it.
// Whatever is wrong with it, the answer is an error: a panic would take the server
// down. A file that is refused is left as it was.
func use(t testing.TB, data []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		if after, _ := os.ReadFile(path); !bytes.Equal(after, data) {
			t.Error("a refused file was changed")
		}
		if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), path) {
			t.Errorf("error is not one of the contract or does not name the file: %v", err)
		}
		return err
	}
	defer s.Close()
	ctx := t.Context()
	for _, kind := range []store.Kind{"kind-0", "kind-1"} {
		for r, err := range s.List(ctx, kind, store.Filter{}) {
			if err != nil {
				break
			}
			s.Touch(ctx, kind, map[store.ID]time.Time{r.ID: time.Now()})
			s.Commit(ctx, store.Delete{Kind: kind, ID: r.ID})
			break
		}
	}
	for range s.Documents(ctx, "") {
	}
	s.Add(ctx, "counter-0", 1, time.Hour)
	s.Sweep(ctx, 10)
	return nil
}

// Damage of all sorts, anywhere in the file: never a panic, and never a file that
// is opened with a tree that does not hang together.
func TestDamagedFile(t *testing.T) {
	whole := sample(t, 400)
	pages := len(whole) / os.Getpagesize()
	pageAt := func(data []byte, n int) []byte {
		return data[n*os.Getpagesize() : min(len(data), (n+1)*os.Getpagesize())]
	}
	for name, damage := range map[string]func(data []byte) []byte{
		"cut":       func(data []byte) []byte { return data[:rand.IntN(len(data))] },
		"bit":       func(data []byte) []byte { data[rand.IntN(len(data))] ^= 1 << rand.IntN(8); return data },
		"zero page": func(data []byte) []byte { clear(pageAt(data, rand.IntN(pages))); return data },
		"page over another": func(data []byte) []byte {
			copy(pageAt(data, rand.IntN(pages)), pageAt(data, rand.IntN(pages)))
			return data
		},
		"header": func(data []byte) []byte {
			pageAt(data, rand.IntN(pages))[rand.IntN(64)] = byte(rand.Int())
			return data
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 40 {
				use(t, damage(bytes.Clone(whole)))
			}
		})
	}
	if err := use(t, whole); err != nil {
		t.Errorf("whole file: %v", err)
	}
}

// A live host whose file is not what it should be must stay shut and say what to
// do: no set-up page for whoever comes first.
func TestRefusedFile(t *testing.T) {
	whole := sample(t, 400)
	for _, test := range []struct {
		name string
		data []byte
		want error
		says string
	}{
		{"text", []byte("hello"), store.ErrCorrupt, "restore"},
		{"noise", bytes.Repeat([]byte("noise"), 10_000), store.ErrCorrupt, "init --new"},
		{"zeros", make([]byte, 64<<10), store.ErrCorrupt, "restore"},
		{"half", whole[:len(whole)/2], store.ErrCorrupt, "ends before"},
		{"another program's", foreign(t, func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("bucket"))
			return err
		}), store.ErrCorrupt, "another program"},
		{"newer", foreign(t, withFormat("3")), store.ErrUnavailable, "newer version"},
		{"format unknown", foreign(t, withFormat("x")), store.ErrCorrupt, `format "x"`},
		{"bucket missing", foreign(t, withFormat("1")), store.ErrCorrupt, "missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := use(t, test.data)
			if !errors.Is(err, test.want) {
				t.Fatalf("got error %v, want %v", err, test.want)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q does not say %q", err, test.says)
			}
		})
	}
}

// A server that was killed while it made its file must start the next time.
func TestUnfinishedFile(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":      {},
		"no buckets": foreign(t, func(*bbolt.Tx) error { return nil }),
	} {
		if err := use(t, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func withFormat(format string) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte("gatehouse"))
		if err != nil {
			return err
		}
		return b.Put([]byte("format"), []byte(format))
	}
}

// foreign returns a bbolt file that something else has written.
func foreign(t *testing.T, write func(*bbolt.Tx) error) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "foreign.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(write); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A file that is cut while it is open makes the memory behind it fault, which
// would end the process.
func TestFileCutWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cut.db")
	if err := os.WriteFile(path, sample(t, 4000), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openFile(t, path)
	if err := os.Truncate(path, 3*int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	var failed error
	for _, err := range s.List(t.Context(), "kind-1", store.Filter{}) {
		failed = err
	}
	if !errors.Is(failed, store.ErrCorrupt) {
		t.Errorf("list: got error %v, want ErrCorrupt", failed)
	}
	err := s.Commit(t.Context(), store.Put{Record: store.Record{Kind: "kind-1", ID: store.NewID(time.Now())}})
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("commit: got error %v, want ErrCorrupt", err)
	}
}

// Keys out of order are found by whoever walks and missed by whoever searches: a
// sweep found such an entry due, could not take it out, and found it again, without
// end. The keys of a small bucket lie in the page of another one.
func TestUnorderedKeys(t *testing.T) {
	data := sample(t, 2)
	at := bytes.Index(data, []byte("counter-0"))
	if at < 0 || !bytes.Contains(data[at:], []byte("counter-1")) {
		t.Fatal("the sample has no such counters")
	}
	data = bytes.ReplaceAll(data, []byte("counter-0"), []byte("counter-2"))
	if err := use(t, data); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("got error %v, want ErrCorrupt for keys that are out of order", err)
	}
}

// No file, whatever it holds, makes opening and using it panic, or take without
// end. One seed is a file whose keys are out of order (TestUnorderedKeys), with
// which this once hung.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add(sample(f, 2))
	f.Add(sample(f, 60))
	f.Fuzz(func(t *testing.T, data []byte) { use(t, data) })
}
