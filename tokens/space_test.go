// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

func newSpace(t testing.TB, e *tokens.Engine, name string, l tokens.Limits) *tokens.Space {
	t.Helper()
	space, err := e.Space(name, l)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

// newEngine returns an engine with a memory over a store in memory.
func newEngine() (*tokens.Engine, *memstore.Store) {
	s := memstore.New()
	return tokens.New(s, tokens.Options{Memory: 1 << 20}), s
}

func create(t testing.TB, s *tokens.Space, owner string, v tokens.Value) string {
	t.Helper()
	token, err := s.Create(t.Context(), owner, v)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func read(t testing.TB, s *tokens.Space, token string) string {
	t.Helper()
	e, err := s.Read(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return string(e.Data)
}

func isNone(t testing.TB, s *tokens.Space, token string) {
	t.Helper()
	if e, err := s.Read(t.Context(), token); !errors.Is(err, tokens.ErrNone) {
		t.Errorf("read %q, %v, want ErrNone", e.Data, err)
	}
}

// Whoever has a copy of the store has no token: it holds hashes. And whoever has found
// a selector, in a list or a log, has nothing without its secret.
func TestStoreHoldsNoToken(t *testing.T) {
	engine, raw := newEngine()
	space := newSpace(t, engine, "shop", tokens.Limits{})
	token := create(t, space, "anna", tokens.Value{Data: []byte("x")})
	id, err := tokens.ID(token)
	if err != nil {
		t.Fatal(err)
	}
	r, err := raw.Get(t.Context(), "token:shop", id)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Secrets) != 1 || strings.Contains(string(r.Payload), token[store.IDLength:]) {
		t.Errorf("record %v", r)
	}
	other := create(t, space, "anna", tokens.Value{Data: []byte("y")})
	for range 2 { // the second time it is in memory
		isNone(t, space, token[:store.IDLength]+other[store.IDLength:])
		read(t, space, token)
	}
	if err := space.Delete(t.Context(), token[:store.IDLength]+other[store.IDLength:]); !errors.Is(err, tokens.ErrNone) {
		t.Errorf("deleted with another secret: %v", err)
	}
}

// A namespace reaches nothing but its own tokens, whatever it is called.
func TestNamespacesReachNothingElse(t *testing.T) {
	engine, raw := newEngine()
	space := newSpace(t, engine, "session", tokens.Limits{})
	token := create(t, space, "", tokens.Value{Data: []byte("x")})
	id, err := tokens.ID(token)
	if err != nil {
		t.Fatal(err)
	}
	// A browser session whose secret would be that of the token.
	hidden := store.Record{Kind: "session", ID: id, Payload: []byte("\x00session"), Secrets: []store.Secret{{Hash: sha256.Sum256([]byte("?"))}}}
	if err := raw.Commit(t.Context(), store.Put{Record: hidden}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, space, token); got != "x" {
		t.Errorf("read %q", got)
	}
	if n, err := space.EndAll(t.Context(), ""); n != 1 || err != nil {
		t.Errorf("ended %d, %v", n, err)
	}
	if _, err := raw.Get(t.Context(), "session", id); err != nil {
		t.Errorf("the session: %v", err)
	}
}

// Time ends a token to the millisecond, wherever it is, and an update gives it another.
func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, _ := newEngine()
		space := newSpace(t, engine, "shop", tokens.Limits{})
		token := create(t, space, "", tokens.Value{Data: []byte("x"), TTL: time.Second})
		read(t, space, token)
		time.Sleep(time.Second - time.Millisecond)
		e, err := space.Read(t.Context(), token)
		if err != nil || e.TTL(time.Now()) != time.Millisecond {
			t.Errorf("%v, %v left", err, e.TTL(time.Now()))
		}
		if err := space.Update(t.Context(), token, tokens.Value{Data: []byte("y"), TTL: time.Minute}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute - time.Millisecond)
		if got := read(t, space, token); got != "y" {
			t.Errorf("read %q", got)
		}
		time.Sleep(time.Millisecond)
		isNone(t, space, token)
		if err := space.Update(t.Context(), token, tokens.Value{}); !errors.Is(err, tokens.ErrNone) {
			t.Errorf("updated after its end: %v", err)
		}
		if err := space.Delete(t.Context(), token); !errors.Is(err, tokens.ErrNone) {
			t.Errorf("deleted after its end: %v", err)
		}
	})
}

// What is returned belongs to the caller, and what is passed in is not kept.
func TestNobodyChangesWhatIsKept(t *testing.T) {
	engine, _ := newEngine()
	space := newSpace(t, engine, "shop", tokens.Limits{})
	data := []byte("apples")
	token := create(t, space, "", tokens.Value{Data: data})
	copy(data, "bananas")
	for range 3 {
		e, err := space.Read(t.Context(), token)
		if err != nil || string(e.Data) != "apples" {
			t.Errorf("%q, %v", e.Data, err)
		}
		clear(e.Data)
	}
}

// After a rotation the old text is worth nothing, also where it was in memory, and all
// else is as before.
func TestRotate(t *testing.T) {
	engine, _ := newEngine()
	space := newSpace(t, engine, "shop", tokens.Limits{})
	old := create(t, space, "anna", tokens.Value{Data: []byte("x")})
	read(t, space, old)
	next, err := space.Rotate(t.Context(), old)
	if err != nil || next == old || next[:store.IDLength] != old[:store.IDLength] {
		t.Fatalf("%q became %q, %v", old, next, err)
	}
	isNone(t, space, old)
	if got := read(t, space, next); got != "x" {
		t.Errorf("read %q", got)
	}
	if _, err := space.Rotate(t.Context(), old); !errors.Is(err, tokens.ErrNone) {
		t.Errorf("rotated with the old text: %v", err)
	}
}

// Updates, rotations and counted reads of one token at once: none is lost.
func TestChangesOfOneTokenMeet(t *testing.T) {
	engine, _ := newEngine()
	space := newSpace(t, engine, "shop", tokens.Limits{})
	const readers, updaters, each = 8, 8, 50
	token := create(t, space, "", tokens.Value{Data: []byte("x"), Reads: 1})
	var wg sync.WaitGroup
	if err := space.Update(t.Context(), token, tokens.Value{Data: []byte("x"), Reads: readers*each + 1}); err != nil {
		t.Fatal(err)
	}
	var reads, updates atomic.Int64
	for range readers {
		wg.Go(func() {
			for range each {
				if _, err := space.Read(t.Context(), token); err == nil {
					reads.Add(1)
				} else {
					t.Error(err)
				}
			}
		})
	}
	for range updaters {
		wg.Go(func() {
			for range each {
				err := space.Update(t.Context(), token, tokens.Value{Data: []byte("y"), Reads: readers*each + 1})
				if err == nil {
					updates.Add(1)
				} else {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if reads.Load() != readers*each || updates.Load() != updaters*each {
		t.Errorf("%d reads, %d updates", reads.Load(), updates.Load())
	}
}

// An owner's tokens are listed and ended together, all but those to keep.
func TestOwners(t *testing.T) {
	engine, _ := newEngine()
	space := newSpace(t, engine, "shop", tokens.Limits{})
	var annas []string
	for range 600 { // more than one commit ends
		annas = append(annas, create(t, space, "anna", tokens.Value{Data: []byte("four")}))
	}
	bert := create(t, space, "bert", tokens.Value{Data: []byte("x"), Reads: 2, TTL: time.Hour})
	var listed []tokens.Info
	for info, err := range space.List(t.Context(), "bert") {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, info)
	}
	id, _ := tokens.ID(bert)
	if len(listed) != 1 || listed[0].ID != id || listed[0].Reads != 2 || listed[0].Size != 1 || listed[0].Expires.IsZero() {
		t.Errorf("listed %+v", listed)
	}
	keep, _ := tokens.ID(annas[7])
	first, _ := tokens.ID(annas[0])
	if err := space.End(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if n, err := space.EndAll(t.Context(), "anna", keep); n != 598 || err != nil {
		t.Errorf("ended %d, %v", n, err)
	}
	isNone(t, space, annas[0])
	isNone(t, space, annas[599])
	read(t, space, annas[7])
	read(t, space, bert)
	if err := space.End(t.Context(), first); !errors.Is(err, tokens.ErrNone) {
		t.Errorf("ended twice: %v", err)
	}
}

// 64 writers who race for places: never more tokens than places, of an owner or of the
// namespace, and none refused while there is room.
func TestQuotaHoldsUnderARace(t *testing.T) {
	engine, raw := newEngine()
	space := newSpace(t, engine, "shop", tokens.Limits{Quota: 100, OwnerQuota: 30})
	for _, owner := range []string{"", "anna"} {
		var made, refused atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 2 {
					switch _, err := space.Create(t.Context(), owner, tokens.Value{}); {
					case err == nil:
						made.Add(1)
					case errors.Is(err, tokens.ErrQuota):
						refused.Add(1)
					default:
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		want := int64(100)
		if owner != "" {
			want = 30
		}
		n := int64(0)
		for _, err := range raw.List(t.Context(), "token:shop", store.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != want {
			t.Errorf("%d tokens", n)
		}
		if made.Load() != want || refused.Load() != 128-want {
			t.Errorf("%d made, %d refused", made.Load(), refused.Load())
		}
		if _, err := space.EndAll(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
}

// What cannot be kept to is refused before anything is written.
func TestBadValues(t *testing.T) {
	engine, _ := newEngine()
	space := newSpace(t, engine, "shop", tokens.Limits{MaxData: 4})
	token := create(t, space, "", tokens.Value{Data: []byte("four")})
	for _, c := range []struct {
		value tokens.Value
		want  error
	}{
		{tokens.Value{Data: []byte("fiver")}, tokens.ErrTooLong},
		{tokens.Value{TTL: -1}, tokens.ErrLimit},
	} {
		if _, err := space.Create(t.Context(), "", c.value); !errors.Is(err, c.want) {
			t.Errorf("create: %v, want %v", err, c.want)
		}
		if err := space.Update(t.Context(), token, c.value); !errors.Is(err, c.want) {
			t.Errorf("update: %v, want %v", err, c.want)
		}
	}
	if got := read(t, space, token); got != "four" {
		t.Errorf("read %q", got)
	}
	if _, err := engine.Space("shop", tokens.Limits{Quota: -1}); err == nil {
		t.Error("a negative quota")
	}
}

// A write that the store could not take is an error, and no memory believes it.
func TestStoreThatFails(t *testing.T) {
	disk := &storetest.Failing{Store: memstore.New()}
	space := newSpace(t, tokens.New(disk, tokens.Options{Memory: 1 << 20}), "shop", tokens.Limits{Quota: 2})
	token := create(t, space, "", tokens.Value{Data: []byte("x")})
	read(t, space, token)
	disk.Break(store.ErrFull)
	for range 5 {
		if _, err := space.Create(t.Context(), "", tokens.Value{}); !errors.Is(err, store.ErrFull) {
			t.Errorf("create: %v", err)
		}
	}
	if err := space.Update(t.Context(), token, tokens.Value{Data: []byte("y")}); !errors.Is(err, store.ErrFull) {
		t.Errorf("update: %v", err)
	}
	disk.Break(nil)
	if got := read(t, space, token); got != "x" {
		t.Errorf("read %q", got)
	}
	create(t, space, "", tokens.Value{}) // the places that were not taken are free
}

// A file keeps its tokens, seals their data, and is of no use without its key.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.db")
	file, err := tokens.Open(path, tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	token := create(t, newSpace(t, file.Engine, "shop", tokens.Limits{}), "", tokens.Value{Data: []byte("a secret that nobody sees")})
	if _, err := tokens.Open(path, tokens.Options{}); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("opened twice: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(contents(t, path), "nobody sees") {
		t.Error("the data is in the file in the clear")
	}
	moved := move(t, path+".key")
	if _, err := tokens.Open(path, tokens.Options{}); err == nil || !strings.Contains(err.Error(), path+".key") {
		t.Errorf("without its key: %v", err)
	}
	moved()
	file, err = tokens.Open(path, tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := read(t, newSpace(t, file.Engine, "shop", tokens.Limits{}), token); got != "a secret that nobody sees" {
		t.Errorf("read %q", got)
	}
}

// Whoever has expired takes no place, before anybody has swept.
func TestExpiredTokensTakeNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine, raw := newEngine()
		space := newSpace(t, engine, "shop", tokens.Limits{Quota: 5})
		for range 5 {
			create(t, space, "", tokens.Value{TTL: time.Minute})
		}
		if _, err := space.Create(t.Context(), "", tokens.Value{}); !errors.Is(err, tokens.ErrQuota) {
			t.Errorf("a sixth: %v", err)
		}
		time.Sleep(time.Minute)
		create(t, space, "", tokens.Value{})
		if n, err := raw.Sweep(context.Background(), 10); n != 5 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
	})
}

// An engine that does not wait for the disk sees what it has answered, and after a flush
// it is there for whoever opens the file next.
func TestRelaxed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.db")
	file, err := tokens.Open(path, tokens.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	space := newSpace(t, file.Engine, "shop", tokens.Limits{})
	kept, ended := create(t, space, "", tokens.Value{Data: []byte("x")}), create(t, space, "", tokens.Value{Data: []byte("y")})
	if got := read(t, space, kept); got != "x" {
		t.Errorf("read %q", got)
	}
	if err := space.Update(t.Context(), kept, tokens.Value{Data: []byte("z"), Reads: 2}); err != nil {
		t.Fatal(err)
	}
	read(t, space, ended)
	if err := space.Delete(t.Context(), ended); err != nil {
		t.Fatal(err)
	}
	isNone(t, space, ended)
	if got := read(t, space, kept); got != "z" {
		t.Errorf("read %q", got)
	}
	if err := file.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err = tokens.Open(path, tokens.Options{}); err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	space = newSpace(t, file.Engine, "shop", tokens.Limits{})
	isNone(t, space, ended)
	if got := read(t, space, kept); got != "z" {
		t.Errorf("read %q", got)
	}
	isNone(t, space, kept) // two reads, of which one was before
}

// Two spaces of one name count together, each holds to its own quota.
func TestSpacesOfOneName(t *testing.T) {
	engine, _ := newEngine()
	small, large := newSpace(t, engine, "shop", tokens.Limits{Quota: 1}), newSpace(t, engine, "shop", tokens.Limits{})
	token := create(t, large, "", tokens.Value{Data: []byte("x")})
	if _, err := small.Create(t.Context(), "", tokens.Value{}); !errors.Is(err, tokens.ErrQuota) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff("x", read(t, small, token)); diff != "" {
		t.Error(diff)
	}
}
