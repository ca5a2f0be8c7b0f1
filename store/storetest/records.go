// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// What was put is what is got, field by field, for the fullest and for the
// emptiest record; kinds are separate.
func testGet(t *testing.T, s store.Store) {
	full := put(t, s, record(time.Now()))
	empty := put(t, s, store.Record{Kind: kind, ID: store.NewID(time.Now())})
	same(t, "full record", get(t, s, full), full)
	same(t, "empty record", get(t, s, empty), empty)

	_, err := s.Get(t.Context(), "code", full.ID)
	wantErr(t, "same ID, other kind", err, store.ErrNotFound)
	_, err = s.Get(t.Context(), kind, store.NewID(time.Now()))
	wantErr(t, "unknown ID", err, store.ErrNotFound)
	_, err = s.Get(t.Context(), "", full.ID)
	wantErr(t, "no kind", err, store.ErrNotFound)
	_, err = s.Get(t.Context(), kind, store.ID{})
	wantErr(t, "no ID", err, store.ErrNotFound)
}

// Times are whole milliseconds, Since whole seconds; an idle limit too short for
// the clock must not become "no limit".
func testRounding(t *testing.T, s store.Store) {
	now := time.Now().Truncate(time.Second)
	r := record(now)
	r.Created = now.Add(1_234_567)
	r.Expires = now.Add(time.Hour + 1_999_999)
	r.Secrets[0].Since = now.Add(999 * time.Millisecond)
	r.Idle = time.Hour + 999*time.Microsecond
	put(t, s, r)
	got := get(t, s, r)
	same(t, "created", got.Created, now.Add(time.Millisecond).UTC())
	same(t, "expires", got.Expires, now.Add(time.Hour+time.Millisecond).UTC())
	same(t, "since", got.Secrets[0].Since, now.UTC())
	same(t, "idle", got.Idle, time.Hour)

	r = record(now)
	r.Seen, r.Idle = now.Add(-time.Hour), time.Nanosecond
	put(t, s, r)
	wantGone(t, s, r)
}

// Memory that goes in or comes out belongs to the caller: scribbling over it
// must not reach what is stored, nor what others were given.
func testOwnership(t *testing.T, s store.Store) {
	r := record(time.Now())
	want := put(t, s, r.Clone())
	in := r.Clone()
	in.ID = store.NewID(time.Now())
	wantIn := put(t, s, in.Clone())
	wantIn.ID = in.ID

	passed := record(time.Now())
	wantPassed := passed.Clone()
	wantPassed.Version = 1
	put(t, s, passed)
	scribble(&passed)
	got, err := s.Get(t.Context(), kind, wantPassed.ID)
	must(t, err)
	same(t, "after the argument was changed", got, wantPassed)

	got = get(t, s, want)
	scribble(&got)
	same(t, "after the result of Get was changed", get(t, s, want), want)

	for got, err := range s.List(t.Context(), kind, store.Filter{}) {
		must(t, err)
		scribble(&got)
	}
	same(t, "after the results of List were changed", get(t, s, wantIn), wantIn)

	got, err = s.Read(t.Context(), kind, want.ID, want.Secrets[0].Hash)
	must(t, err)
	scribble(&got)
	same(t, "after the result of Read was changed", get(t, s, want), want)

	data := []byte("data")
	must(t, s.Commit(t.Context(), store.PutDocument{Document: store.Document{Name: "a", Data: data}}))
	clear(data)
	doc, err := s.Document(t.Context(), "a")
	must(t, err)
	same(t, "document after its argument was changed", string(doc.Data), "data")
	clear(doc.Data)
	for doc, err := range s.Documents(t.Context(), "") {
		must(t, err)
		same(t, "document after a result was changed", string(doc.Data), "data")
		clear(doc.Data)
	}
	doc, err = s.Document(t.Context(), "a")
	must(t, err)
	same(t, "document after the results of Documents were changed", string(doc.Data), "data")
}

func scribble(r *store.Record) {
	clear(r.Payload)
	for i := range r.Secrets {
		r.Secrets[i] = store.Secret{Audience: "scribbled"}
	}
}

// A limited record answers as often as it says, each answer with what is left,
// and is gone after the last. A record without limit answers for ever.
func testReadLimited(t *testing.T, s store.Store) {
	r := record(time.Now())
	r.Reads = 3
	r = put(t, s, r)
	for left := uint32(2); ; left-- {
		got, err := s.Read(t.Context(), kind, r.ID, r.Secrets[1].Hash)
		must(t, err)
		r.Reads, r.Version = left, r.Version+1
		same(t, "limited read", got, r)
		if left == 0 {
			break
		}
		same(t, "what Get shows", get(t, s, r), r)
	}
	_, err := s.Read(t.Context(), kind, r.ID, r.Secrets[1].Hash)
	wantErr(t, "read after the last", err, store.ErrNotFound)
	wantGone(t, s, r)

	free := put(t, s, record(time.Now()))
	for range 3 {
		got, err := s.Read(t.Context(), kind, free.ID, free.Secrets[0].Hash)
		must(t, err)
		same(t, "unlimited read", got, free)
	}

	// Whoever decided on a record before a read was counted must not put the read back.
	counted := record(time.Now())
	counted.Reads = 2
	counted = put(t, s, counted)
	_, err = s.Read(t.Context(), kind, counted.ID, counted.Secrets[0].Hash)
	must(t, err)
	wantErr(t, "put of a spent read", s.Commit(t.Context(), store.Put{Record: counted}), store.ErrConflict)
}

// 64 readers of a record that may be read 10 times: 10 answers, 54 refusals, and
// no two readers were told the same number of reads left.
func testReadParallel(t *testing.T, s store.Store) {
	const allowed, readers = 10, 64
	r := record(time.Now())
	r.Reads = allowed
	r = put(t, s, r)
	var answered [allowed]atomic.Int32
	var refused atomic.Int32
	parallel(readers, func() {
		got, err := s.Read(t.Context(), kind, r.ID, r.Secrets[0].Hash)
		switch {
		case err == nil && got.Reads < allowed:
			answered[got.Reads].Add(1)
		case errors.Is(err, store.ErrNotFound):
			refused.Add(1)
		default:
			t.Errorf("read: %d left, error %v", got.Reads, err)
		}
	})
	for left := range answered {
		same(t, "answers with a certain number left", answered[left].Load(), int32(1))
	}
	same(t, "refused", refused.Load(), int32(readers-allowed))
}

// Somebody who knows an ID, which is no secret, and no secret can neither read a
// record nor use up its reads.
func testReadWrongHash(t *testing.T, s store.Store) {
	r := record(time.Now())
	r.Reads = 1
	r = put(t, s, r)
	bare := r
	bare.ID, bare.Secrets, bare.Version = store.NewID(time.Now()), nil, 0
	bare = put(t, s, bare)
	for _, hash := range [][32]byte{{}, sha256.Sum256(nil), sha256.Sum256([]byte("tickets "))} {
		_, err := s.Read(t.Context(), kind, r.ID, hash)
		wantErr(t, "wrong hash", err, store.ErrNotFound)
		_, err = s.Read(t.Context(), kind, bare.ID, hash)
		wantErr(t, "record without secrets", err, store.ErrNotFound)
	}
	same(t, "after wrong reads", get(t, s, r), r)
	same(t, "after wrong reads", get(t, s, bare), bare)
}

// Touch moves Seen forward and nothing else: no version, no older time.
func testTouch(t *testing.T, s store.Store) {
	r := put(t, s, record(time.Now().Add(-time.Minute)))
	other := put(t, s, record(time.Now()))
	later := r.Seen.Add(30 * time.Second)
	must(t, s.Touch(t.Context(), kind, map[store.ID]time.Time{r.ID: later.Add(999 * time.Microsecond)}))
	r.Seen = later
	same(t, "touched", get(t, s, r), r)

	must(t, s.Touch(t.Context(), kind, map[store.ID]time.Time{r.ID: later.Add(-time.Second), other.ID: other.Seen}))
	same(t, "touched with an older time", get(t, s, r), r)
	same(t, "touched with the same time", get(t, s, other), other)

	must(t, s.Touch(t.Context(), "code", map[store.ID]time.Time{r.ID: later.Add(time.Second)}))
	same(t, "touched as another kind", get(t, s, r), r)
	must(t, s.Touch(t.Context(), kind, nil))
	must(t, s.Commit(t.Context(), store.Put{Record: r})) // the version did not move
}

// A touch that arrives late must not bring back what was ended.
func testTouchGone(t *testing.T, s store.Store) {
	now := time.Now()
	deleted := put(t, s, record(now))
	must(t, s.Commit(t.Context(), store.Delete{Kind: kind, ID: deleted.ID}))
	idle := record(now.Add(-time.Hour))
	idle.Expires = time.Time{}
	idle = put(t, s, idle)
	never := record(now)
	must(t, s.Touch(t.Context(), kind, map[store.ID]time.Time{deleted.ID: now, idle.ID: now, never.ID: now}))
	for _, r := range []store.Record{deleted, idle, never} {
		wantGone(t, s, r)
	}
}

// An expired record is not there for anybody, whether or not it has been swept.
func testExpired(t *testing.T, s store.Store) {
	now := time.Now()
	past := record(now)
	past.Expires = now.Add(-time.Millisecond)
	idle := record(now)
	idle.Seen = now.Add(-2 * idle.Idle)
	soon := record(now)
	soon.Expires = now.Add(20 * time.Millisecond)
	must(t, s.Commit(t.Context(), store.Put{Record: past}, store.Put{Record: idle}, store.Put{Record: soon}))
	eventually(t, "the last one expires", func() bool {
		_, err := s.Get(t.Context(), kind, soon.ID)
		return errors.Is(err, store.ErrNotFound)
	})
	for _, r := range []store.Record{past, idle, soon} {
		wantGone(t, s, r)
		_, err := s.Read(t.Context(), kind, r.ID, r.Secrets[0].Hash)
		wantErr(t, "read", err, store.ErrNotFound)
		wantErr(t, "delete", s.Commit(t.Context(), store.Delete{Kind: kind, ID: r.ID}), store.ErrNotFound)
		r.Version = 1
		wantErr(t, "update", s.Commit(t.Context(), store.Put{Record: r}), store.ErrNotFound)
	}
	for r, err := range s.List(t.Context(), kind, store.Filter{}) {
		t.Fatalf("list yields an expired record or an error: %v, %v", r, err)
	}
}

// A call whose context is over changes nothing.
func testCancelled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := record(time.Now())
	wantErr(t, "commit", s.Commit(ctx, store.Put{Record: r}), context.Canceled)
	wantGone(t, s, r)
	_, err := s.Add(ctx, "c", 1, time.Hour)
	wantErr(t, "add", err, context.Canceled)
	n, err := s.Add(t.Context(), "c", 0, time.Hour)
	must(t, err)
	same(t, "counter", n, 0)
	put(t, s, r)
	for _, err := range s.List(ctx, kind, store.Filter{}) {
		wantErr(t, "list", err, context.Canceled)
	}
}

// What was accepted before Close is done; what comes later is refused, however
// it comes. 100 writers race with Close: each is either refused or done.
func testClose(t *testing.T, s store.Store) {
	r := put(t, s, record(time.Now()))
	parallel(100, func() {
		if err := s.Commit(t.Context(), store.Put{Record: record(time.Now())}); err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("commit beside Close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	ctx := t.Context()
	_, err := s.Get(ctx, kind, r.ID)
	wantErr(t, "get", err, store.ErrUnavailable)
	_, err = s.Read(ctx, kind, r.ID, r.Secrets[0].Hash)
	wantErr(t, "read", err, store.ErrUnavailable)
	_, err = s.Document(ctx, "a")
	wantErr(t, "document", err, store.ErrUnavailable)
	_, err = s.Add(ctx, "a", 1, time.Minute)
	wantErr(t, "add", err, store.ErrUnavailable)
	_, err = s.Add(ctx, "a", 0, time.Minute)
	wantErr(t, "add nothing", err, store.ErrUnavailable)
	_, err = s.Sweep(ctx, 1)
	wantErr(t, "sweep", err, store.ErrUnavailable)
	wantErr(t, "commit", s.Commit(ctx, store.Put{Record: record(time.Now())}), store.ErrUnavailable)
	wantErr(t, "touch", s.Touch(ctx, kind, map[store.ID]time.Time{r.ID: time.Now()}), store.ErrUnavailable)
	for _, err := range s.List(ctx, kind, store.Filter{}) {
		wantErr(t, "list", err, store.ErrUnavailable)
	}
	for _, err := range s.Documents(ctx, "") {
		wantErr(t, "documents", err, store.ErrUnavailable)
	}
	if h, ok := s.(store.Health); ok {
		wantErr(t, "healthy", h.Healthy(ctx), store.ErrUnavailable)
	}
}

// parallel runs f n times at once and waits for all.
func parallel(n int, f func()) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range n {
		wg.Go(func() { <-start; f() })
	}
	close(start)
	wg.Wait()
}
