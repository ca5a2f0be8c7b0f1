// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// session returns a record like a session on two hosts, about 250 bytes.
func session() store.Record {
	now := time.Now()
	return store.Record{
		Kind: "session", ID: store.NewID(now), Owner: "u-1", Payload: make([]byte, 60),
		Secrets: []store.Secret{{Audience: "https://wiki.example.com"}, {Audience: "https://login.example.com"}},
		Created: now, Seen: now, Expires: now.Add(12 * time.Hour), Idle: time.Hour,
	}
}

// fill puts n records in commits of 1,000, each as change makes it.
func fill(b *testing.B, s *boltstore.Store, n int, change func(r *store.Record)) []store.ID {
	b.Helper()
	ids := make([]store.ID, 0, n)
	changes := make([]store.Change, 0, 1000)
	for len(ids) < n {
		changes = changes[:0]
		for range min(1000, n-len(ids)) {
			r := session()
			change(&r)
			ids = append(ids, r.ID)
			changes = append(changes, store.Put{Record: r})
		}
		commit(b, s, changes...)
	}
	return ids
}

func BenchmarkGet(b *testing.B) {
	s := openFile(b, filepath.Join(b.TempDir(), "gatehouse.db"))
	ids := fill(b, s, 100_000, func(*store.Record) {})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := s.Get(b.Context(), "session", ids[i%1000]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// Each caller waits for the disk before its next commit.
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 64, 256, 1024} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			s := openFile(b, filepath.Join(b.TempDir(), "gatehouse.db"))
			b.ReportAllocs()
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if err := s.Commit(b.Context(), store.Put{Record: session()}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			stats := s.Stats()
			b.ReportMetric(float64(stats.Writes)/float64(stats.Commits), "writes/fsync")
			b.ReportMetric(float64(stats.Writes)/b.Elapsed().Seconds(), "writes/s")
		})
	}
}

// A sweep of 100,000 expired records, while somebody looks up others; the longest
// look-up is what a person would notice.
func BenchmarkSweep(b *testing.B) {
	const expired = 100_000
	var longest time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := openFile(b, filepath.Join(b.TempDir(), "gatehouse.db"))
		live := fill(b, s, 1000, func(*store.Record) {})
		fill(b, s, expired, func(r *store.Record) { r.Expires = time.Now().Add(-time.Hour) })
		b.StartTimer()

		swept := make(chan int)
		go func() {
			n, err := s.Sweep(b.Context(), 2*expired)
			if err != nil {
				b.Error(err)
			}
			swept <- n
		}()
		for n, i := -1, 0; n < 0; i++ {
			begun := time.Now()
			if _, err := s.Get(b.Context(), "session", live[i%len(live)]); err != nil {
				b.Fatal(err)
			}
			longest = max(longest, time.Since(begun))
			select {
			case n = <-swept:
				if n != expired {
					b.Fatalf("swept %d", n)
				}
			default:
			}
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(longest.Microseconds()), "longest-get-µs")
}
