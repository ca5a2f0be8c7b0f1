// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// A quota counts what is live before the commit: of an owner, or of the kind.
func testQuota(t *testing.T, s store.Store) {
	of := func(owner string) store.Record {
		r := record(time.Now())
		r.Owner = owner
		return r
	}
	limited := func(r store.Record, owner string, records int) error {
		return s.Commit(t.Context(), store.Quota{Kind: kind, Owner: owner, Records: records}, store.Put{Record: r})
	}
	wantErr(t, "a quota of nothing", limited(of("u-1"), "u-1", 0), store.ErrQuota)
	first := of("u-1")
	must(t, limited(first, "u-1", 2))
	must(t, limited(of("u-1"), "u-1", 2))
	refused := of("u-1")
	wantErr(t, "the third of two", limited(refused, "u-1", 2), store.ErrQuota)
	wantGone(t, s, refused)
	must(t, limited(of("u-2"), "u-2", 1))
	wantErr(t, "the fourth of three of the kind", limited(of("u-3"), "", 3), store.ErrQuota)
	must(t, limited(of("u-3"), "", 4))

	must(t, s.Commit(t.Context(), store.Delete{Kind: kind, ID: first.ID}))
	short := of("u-1")
	short.Expires = time.Now().Add(200 * time.Millisecond)
	must(t, limited(short, "u-1", 2))
	wantErr(t, "again the third of two", limited(of("u-1"), "u-1", 2), store.ErrQuota)
	eventually(t, "what has expired does not count", func() bool {
		return limited(of("u-1"), "u-1", 2) == nil
	})
	other := of("u-1")
	other.Kind = "code"
	must(t, s.Commit(t.Context(), store.Quota{Kind: "code", Owner: "u-1", Records: 1}, store.Put{Record: other}))
	if err := s.Commit(t.Context(), store.Quota{Kind: "Not a kind"}); err == nil || errors.Is(err, store.ErrQuota) {
		t.Errorf("a quota of no kind: got error %v", err)
	}
}

// However many ask at once, no more than the quota is made.
func testQuotaParallel(t *testing.T, s store.Store) {
	const quota = 10
	for _, owner := range []string{"u-1", ""} {
		var made atomic.Int32
		var callers sync.WaitGroup
		for range 40 {
			callers.Go(func() {
				r := record(time.Now())
				r.Kind = store.Kind("quota" + owner)
				err := s.Commit(t.Context(), store.Quota{Kind: r.Kind, Owner: owner, Records: quota}, store.Put{Record: r})
				if err == nil {
					made.Add(1)
				} else if !errors.Is(err, store.ErrQuota) {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if n := made.Load(); n != quota {
			t.Errorf("owner %q: %d made with a quota of %d", owner, n, quota)
		}
	}
}
