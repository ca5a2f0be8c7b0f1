// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

func wrap(t *testing.T, s store.Store, k *seal.Key) store.Store {
	t.Helper()
	wrapped, err := seal.Wrap(t.Context(), s, k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wrapped.Close() })
	return wrapped
}

func openBolt(t *testing.T) store.Store {
	t.Helper()
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "gatehouse.db"), boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContractInMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return wrap(t, memstore.New(), newKey(t)) })
}

func TestContractInFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return wrap(t, openBolt(t), newKey(t)) })
}

// relaxed commits with early answers.
type relaxed struct{ store.Store }

func (s relaxed) Commit(ctx context.Context, changes ...store.Change) error {
	return s.Store.(store.Relaxed).CommitRelaxed(ctx, changes...)
}

// What is answered early is sealed as well, and a store that cannot do so does it
// in its own time.
func TestContractRelaxed(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return relaxed{wrap(t, openBolt(t), newKey(t))} })
	storetest.Run(t, func(t *testing.T) store.Store { return relaxed{wrap(t, memstore.New(), newKey(t))} })
}

const kind store.Kind = "session"

func commit(t *testing.T, s store.Store, changes ...store.Change) {
	t.Helper()
	if err := s.Commit(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
}

func document(name, data string) store.PutDocument {
	return store.PutDocument{Document: store.Document{Name: name, Data: []byte(data)}}
}

// Somebody has copied the file: no payload and no document can be read in it.
func TestCopiedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wrapped := wrap(t, s, newKey(t))
	commit(t, wrapped,
		store.Put{Record: store.Record{Kind: kind, ID: store.NewID(time.Now()), Payload: []byte("alice@example.com")}},
		document("user/1", "alice@example.com"))
	if err := wrapped.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("alice")) {
		t.Error("a payload stands in the file in clear")
	}
}

// A wrong key is told from damage, is named, and changes nothing.
func TestWrongKey(t *testing.T) {
	s := memstore.New()
	right := newKey(t)
	commit(t, wrap(t, s, right), document("user/1", "alice"))

	path := filepath.Join(t.TempDir(), "wrong.key")
	wrong, err := seal.CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	before := s.Stats()
	if _, err := seal.Wrap(t.Context(), s, wrong); !errors.Is(err, seal.ErrWrongKey) || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v, want one that names the wrong key file", err)
	}
	if s.Stats() != before {
		t.Error("the wrong key wrote something")
	}
	if d, err := wrap(t, s, right).Document(t.Context(), "user/1"); err != nil || string(d.Data) != "alice" {
		t.Errorf("with the right key: %q, %v", d.Data, err)
	}
}

// A store whose check was taken out would take any key, and answer with what
// somebody else has put there.
func TestCheckTakenOut(t *testing.T) {
	s, k := memstore.New(), newKey(t)
	commit(t, wrap(t, s, k), document("user/1", "alice"))
	check, err := s.Document(t.Context(), "seal/check")
	if err != nil {
		t.Fatal(err)
	}
	check.Data[len(check.Data)-1] ^= 1
	commit(t, s, store.PutDocument{Document: check})
	if _, err := seal.Wrap(t.Context(), s, k); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("check changed: got error %v", err)
	}
	commit(t, s, store.DeleteDocument{Name: "seal/check"})
	if _, err := seal.Wrap(t.Context(), s, k); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("check deleted: got error %v", err)
	}
}

// The check is nobody's document.
func TestCheckIsHidden(t *testing.T) {
	s := wrap(t, memstore.New(), newKey(t))
	if _, err := s.Document(t.Context(), "seal/check"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("document: got error %v", err)
	}
	for d, err := range s.Documents(t.Context(), "") {
		t.Errorf("documents: %v, %v", d, err)
	}
	if err := s.Commit(t.Context(), store.DeleteDocument{Name: "seal/check", Version: 1}); err == nil {
		t.Error("the check could be deleted")
	}
	if err := s.Commit(t.Context(), store.PutDocument{Document: store.Document{Name: "seal/check", Version: 1}}); err == nil {
		t.Error("the check could be replaced")
	}
}

// Somebody who may write to the file puts one person's sealed data into another's
// place, or nothing at all, or takes a document for a record: it does not open.
func TestMovedPayload(t *testing.T) {
	raw := memstore.New()
	s := wrap(t, raw, newKey(t))
	alice := store.Record{Kind: kind, ID: store.NewID(time.Now()), Payload: []byte("alice")}
	bob := store.Record{Kind: kind, ID: store.NewID(time.Now()), Payload: []byte("bob")}
	commit(t, s, store.Put{Record: alice}, store.Put{Record: bob}, document("user/a", "alice"), document("user/b", "bob"))

	stored, err := raw.Get(t.Context(), kind, alice.ID)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := raw.Document(t.Context(), "user/a")
	if err != nil {
		t.Fatal(err)
	}
	version := uint64(1)
	for _, payload := range [][]byte{stored.Payload, doc.Data, nil, []byte("bob")} {
		bob.Payload, bob.Version = payload, version
		commit(t, raw, store.Put{Record: bob},
			store.PutDocument{Document: store.Document{Name: "user/b", Data: payload, Version: version}})
		version++
		if r, err := s.Get(t.Context(), kind, bob.ID); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("record: got %v, %v", r, err)
		}
		if d, err := s.Document(t.Context(), "user/b"); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("document: got %v, %v", d, err)
		}
		var failed error
		for _, err := range s.List(t.Context(), kind, store.Filter{}) {
			failed = err
		}
		if !errors.Is(failed, store.ErrCorrupt) {
			t.Errorf("list: got error %v", failed)
		}
	}
}
