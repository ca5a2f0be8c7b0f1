// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// A Put names what it replaces: nothing, or exactly one version.
func testPutVersions(t *testing.T, s store.Store) {
	ctx := t.Context()
	r := record(time.Now())
	r.Version = 1
	wantErr(t, "update of nothing", s.Commit(ctx, store.Put{Record: r}), store.ErrNotFound)
	r.Version = 0
	r = put(t, s, r)
	same(t, "version of the first write", get(t, s, r).Version, uint64(1))

	again := r
	again.Version = 0
	wantErr(t, "create over a live record", s.Commit(ctx, store.Put{Record: again}), store.ErrConflict)
	r.Payload = []byte("second")
	r.Secrets = r.Secrets[:1]
	r.Owner = ""
	r = put(t, s, r)
	same(t, "second version", get(t, s, r), r)

	for _, wrong := range []uint64{1, 3, 1 << 63} {
		old := r
		old.Version, old.Payload = wrong, []byte("wrong")
		wantErr(t, "update of another version", s.Commit(ctx, store.Put{Record: old}), store.ErrConflict)
	}
	same(t, "after refused writes", get(t, s, r), r)
}

// An expired record does not stand in the way of a new one, and leaves nothing
// in it.
func testPutOverExpired(t *testing.T, s store.Store) {
	r := record(time.Now())
	r.Expires = time.Now().Add(-time.Second)
	put(t, s, r)
	r.Expires = time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	r.Owner, r.Secrets = "u-2", nil
	r = put(t, s, r)
	same(t, "version counts from 1", r.Version, uint64(1))
	same(t, "new record", get(t, s, r), r)
	n, err := s.Sweep(t.Context(), 10)
	must(t, err)
	same(t, "swept", n, 0)
	same(t, "after the sweep", get(t, s, r), r)
}

// Delete removes once, and the version it names if it names one.
func testDelete(t *testing.T, s store.Store) {
	ctx := t.Context()
	r := put(t, s, record(time.Now()))
	wantErr(t, "other version", s.Commit(ctx, store.Delete{Kind: kind, ID: r.ID, Version: 2}), store.ErrConflict)
	wantErr(t, "other kind", s.Commit(ctx, store.Delete{Kind: "code", ID: r.ID}), store.ErrNotFound)
	same(t, "still there", get(t, s, r), r)
	must(t, s.Commit(ctx, store.Delete{Kind: kind, ID: r.ID, Version: 1}))
	wantGone(t, s, r)
	wantErr(t, "a second time", s.Commit(ctx, store.Delete{Kind: kind, ID: r.ID}), store.ErrNotFound)
	r.Version = 0
	r = put(t, s, r)
	same(t, "made again", get(t, s, r).Version, uint64(1))
	must(t, s.Commit(ctx, store.Delete{Kind: kind, ID: r.ID}))
	wantGone(t, s, r)
}

// A one-time code that 100 browsers redeem at once lets one of them in.
func testOneWinner(t *testing.T, s store.Store) {
	code := put(t, s, record(time.Now()))
	var winners, losers atomic.Int32
	parallel(100, func() {
		// The winner's commit also makes what the code was for.
		err := s.Commit(t.Context(), store.Delete{Kind: kind, ID: code.ID}, store.Put{Record: other(code)})
		count(t, err, store.ErrNotFound, &winners, &losers)
	})
	same(t, "winners", winners.Load(), int32(1))
	same(t, "losers", losers.Load(), int32(99))
	made := 0
	for _, err := range s.List(t.Context(), "other", store.Filter{}) {
		must(t, err)
		made++
	}
	same(t, "records made by the winner", made, 1)
}

// Of 50 changes that saw the same version one is made.
func testOneUpdate(t *testing.T, s store.Store) {
	r := put(t, s, record(time.Now()))
	var winners, losers atomic.Int32
	parallel(50, func() {
		count(t, s.Commit(t.Context(), store.Put{Record: r}), store.ErrConflict, &winners, &losers)
	})
	same(t, "winners", winners.Load(), int32(1))
	same(t, "losers", losers.Load(), int32(49))
	same(t, "version", get(t, s, r).Version, uint64(2))
}

func count(t *testing.T, err, lost error, winners, losers *atomic.Int32) {
	switch {
	case err == nil:
		winners.Add(1)
	case errors.Is(err, lost):
		losers.Add(1)
	default:
		t.Errorf("commit: %v", err)
	}
}

// other returns a new record of a second kind.
func other(r store.Record) store.Record {
	r.Kind, r.ID, r.Version = "other", store.NewID(time.Now()), 0
	return r
}

// If one part of a commit cannot be done, no part is, wherever it stands.
func testAtomic(t *testing.T, s store.Store) {
	ctx := t.Context()
	live := put(t, s, record(time.Now()))
	putDocument(t, s, "d", "old")
	_, err := s.Add(ctx, "c", 5, time.Hour)
	must(t, err)
	good := []store.Change{
		store.Put{Record: other(live)},
		store.Delete{Kind: kind, ID: live.ID},
		store.PutDocument{Document: store.Document{Name: "d", Data: []byte("new"), Version: 1}},
		store.PutDocument{Document: store.Document{Name: "e", Data: []byte("new")}},
		store.ResetCounter{Name: "c"},
	}
	for _, bad := range []struct {
		change store.Change
		want   error
	}{
		{store.Delete{Kind: kind, ID: store.NewID(time.Now())}, store.ErrNotFound},
		{store.DeleteDocument{Name: "none"}, store.ErrNotFound},
		{store.PutDocument{Document: store.Document{Name: "none", Version: 4}}, store.ErrNotFound},
	} {
		for at := range len(good) + 1 {
			changes := append(append(append([]store.Change{}, good[:at]...), bad.change), good[at:]...)
			wantErr(t, "commit with a part that cannot be done", s.Commit(ctx, changes...), bad.want)
		}
	}
	same(t, "record that was to be deleted", get(t, s, live), live)
	for _, err := range s.List(ctx, "other", store.Filter{}) {
		t.Fatalf("list: a record was made, or an error came: %v", err)
	}
	doc, err := s.Document(ctx, "d")
	must(t, err)
	same(t, "document", doc, store.Document{Name: "d", Data: []byte("old"), Version: 1})
	_, err = s.Document(ctx, "e")
	wantErr(t, "new document", err, store.ErrNotFound)
	n, err := s.Add(ctx, "c", 0, time.Hour)
	must(t, err)
	same(t, "counter", n, 5)
}

// One commit may hold every kind of change, and all of them are done.
func testMixed(t *testing.T, s store.Store) {
	ctx := t.Context()
	must(t, s.Commit(ctx))
	gone := put(t, s, record(time.Now()))
	changed := put(t, s, record(time.Now()))
	putDocument(t, s, "d", "old")
	putDocument(t, s, "gone", "old")
	_, err := s.Add(ctx, "c", 5, time.Hour)
	must(t, err)
	changed.Payload = []byte("changed")
	made := other(changed)
	must(t, s.Commit(ctx,
		store.Put{Record: made},
		store.Put{Record: changed},
		store.Delete{Kind: kind, ID: gone.ID},
		store.PutDocument{Document: store.Document{Name: "d", Data: []byte("new"), Version: 1}},
		store.PutDocument{Document: store.Document{Name: "made"}},
		store.DeleteDocument{Name: "gone", Version: 1},
		store.ResetCounter{Name: "c"},
		store.ResetCounter{Name: "never was"},
	))
	changed.Version, made.Version = 2, 1
	same(t, "changed", get(t, s, changed), changed)
	same(t, "made", get(t, s, made), made)
	wantGone(t, s, gone)
	var docs []store.Document
	for d, err := range s.Documents(ctx, "") {
		must(t, err)
		docs = append(docs, d)
	}
	same(t, "documents", docs, []store.Document{{Name: "d", Data: []byte("new"), Version: 2}, {Name: "made", Version: 1}})
	n, err := s.Add(ctx, "c", 0, time.Hour)
	must(t, err)
	same(t, "counter", n, 0)
}

// What cannot be meant is refused as a whole, and not with an error that says
// something of what is stored.
func testNonsense(t *testing.T, s store.Store) {
	ctx := t.Context()
	good := record(time.Now())
	for name, changes := range map[string][]store.Change{
		"key twice":             {store.Put{Record: good}, store.Delete{Kind: kind, ID: good.ID}},
		"document twice":        {store.PutDocument{Document: store.Document{Name: "d"}}, store.DeleteDocument{Name: "d"}},
		"no kind":               {store.Put{Record: good}, store.Put{Record: store.Record{ID: good.ID}}},
		"kind in upper case":    {store.Put{Record: good}, store.Delete{Kind: "Session", ID: good.ID}},
		"no ID":                 {store.Put{Record: store.Record{Kind: kind}}},
		"negative idle":         {store.Put{Record: store.Record{Kind: kind, ID: good.ID, Idle: -1}}},
		"document without name": {store.Put{Record: good}, store.PutDocument{}},
		"name too long":         {store.Put{Record: good}, store.ResetCounter{Name: string(make([]byte, store.MaxName+1))}},
		"no change":             {store.Put{Record: good}, nil},
	} {
		err := s.Commit(ctx, changes...)
		if err == nil || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: got error %v, want one that names the mistake", name, err)
		}
	}
	wantGone(t, s, good)
}

// When Commit has returned, everybody sees it.
func testSeen(t *testing.T, s store.Store) {
	parallel(32, func() {
		for range 10 {
			r := record(time.Now())
			if err := s.Commit(t.Context(), store.Put{Record: r}); err != nil {
				t.Errorf("commit: %v", err)
				return
			}
			seen := make(chan error)
			go func() {
				_, err := s.Get(t.Context(), kind, r.ID)
				seen <- err
			}()
			if err := <-seen; err != nil {
				t.Errorf("get from another goroutine after commit: %v", err)
			}
		}
	})
}

// Documents are compared and swapped like records, and listed by name.
func testDocuments(t *testing.T, s store.Store) {
	ctx := t.Context()
	_, err := s.Document(ctx, "user/a")
	wantErr(t, "unknown document", err, store.ErrNotFound)
	_, err = s.Document(ctx, "")
	wantErr(t, "document without name", err, store.ErrNotFound)
	for _, name := range []string{"user/b", "user/a", "users", "user", "user/a/b", "user/ü"} {
		putDocument(t, s, name, name)
	}
	wantErr(t, "made twice", s.Commit(ctx, store.PutDocument{Document: store.Document{Name: "user"}}), store.ErrConflict)
	wantErr(t, "wrong version", s.Commit(ctx, store.PutDocument{Document: store.Document{Name: "user", Version: 2}}), store.ErrConflict)
	wantErr(t, "wrong version", s.Commit(ctx, store.DeleteDocument{Name: "user", Version: 2}), store.ErrConflict)
	must(t, s.Commit(ctx, store.PutDocument{Document: store.Document{Name: "user", Data: []byte("x"), Version: 1}}))
	doc, err := s.Document(ctx, "user")
	must(t, err)
	same(t, "changed document", doc, store.Document{Name: "user", Data: []byte("x"), Version: 2})

	var names []string
	for d, err := range s.Documents(ctx, "user/") {
		must(t, err)
		same(t, "data", string(d.Data), d.Name)
		names = append(names, d.Name)
		// The loop may write, also what it has just been given.
		must(t, s.Commit(ctx, store.DeleteDocument{Name: d.Name}))
	}
	same(t, "names", names, []string{"user/a", "user/a/b", "user/b", "user/ü"})
	for d, err := range s.Documents(ctx, "user/") {
		t.Fatalf("documents after all were deleted: %v, %v", d, err)
	}
	for range s.Documents(ctx, "") {
		break // leaving early is no error
	}
}
