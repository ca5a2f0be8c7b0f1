// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
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

// token returns a record like one of the token engine, with 256 bytes of payload.
func token() store.Record {
	now := time.Now()
	return store.Record{
		Kind: "token", ID: store.NewID(now), Payload: make([]byte, 256),
		Secrets: make([]store.Secret, 1), Created: now, Seen: now,
	}
}

// A hot read: one of a thousand records out of 100,000.
func BenchmarkGet(b *testing.B) {
	s := openFile(b, filepath.Join(b.TempDir(), "gatehouse.db"))
	ids := puts(b, s, 100_000, func(*store.Record) {})
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

// One caller, 40,000 tokens of 256 bytes, answered before the disk: to the answer,
// and with the flush counted in.
func BenchmarkRelaxed(b *testing.B) {
	const n = 40_000
	ctx := context.Background()
	took := make(map[string]time.Duration)
	measure := func(s *boltstore.Store, what string, do func(i int) error) {
		b.Helper()
		begun := time.Now()
		for i := range n {
			if err := do(i); err != nil {
				b.Fatal(err)
			}
		}
		took[what] += time.Since(begun)
		if err := s.Flush(ctx); err != nil {
			b.Fatal(err)
		}
		took[what+"+flush"] += time.Since(begun)
	}
	for b.Loop() {
		s := openFile(b, filepath.Join(b.TempDir(), "gatehouse.db"))
		tokens := make([]store.Record, n)
		measure(s, "create", func(i int) error {
			tokens[i] = token()
			return s.CommitRelaxed(ctx, store.Put{Record: tokens[i]})
		})
		measure(s, "update", func(i int) error {
			tokens[i].Version++
			return s.CommitRelaxed(ctx, store.Put{Record: tokens[i]})
		})
		measure(s, "delete", func(i int) error {
			return s.CommitRelaxed(ctx, store.Delete{Kind: "token", ID: tokens[i].ID})
		})
	}
	for what, d := range took {
		b.ReportMetric(d.Seconds()*1e6/n/float64(b.N), what+"-µs")
	}
	b.ReportMetric(0, "ns/op")
}

// records is how many BenchmarkMillion makes.
var records = flag.Int("records", 1_000_000, "how many sessions there are in the large benchmark")

// A million sessions of 100,000 owners, or as many as -records says: what each costs, in
// time, on disk and in memory, to find one at random, to list one owner's, and to open
// the file. Of the resident memory, what is not anonymous is the file, which the system
// takes back when it needs it.
func BenchmarkMillion(b *testing.B) {
	n := *records
	if testing.Short() || raceDetector {
		n = 100_000
	}
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "gatehouse.db")
		s := openFile(b, path)
		begun := time.Now()
		ids := puts(b, s, n, func(r *store.Record) {
			r.Owner = fmt.Sprint("u-", rand.IntN(n/10))
			r.Secrets = r.Secrets[:1]
		})
		report(b, begun, n, "µs/create")
		b.ReportMetric(float64(sizeOf(b, path))/float64(n), "bytes/record")

		const lists = 1000
		begun = time.Now()
		for i := range lists {
			for _, err := range s.List(b.Context(), "session", store.Filter{Owner: fmt.Sprint("u-", i)}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		report(b, begun, lists, "µs/list-of-owner")

		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		begun = time.Now()
		s = openFile(b, path)
		b.ReportMetric(time.Since(begun).Seconds()*1000, "ms/open")
		for i := 0; i < n; i += 8 { // each page, so that the system has mapped it
			if _, err := s.Get(b.Context(), "session", ids[i]); err != nil {
				b.Fatal(err)
			}
		}
		const looks = 500_000
		begun = time.Now()
		for range looks {
			if _, err := s.Get(b.Context(), "session", ids[rand.IntN(n)]); err != nil {
				b.Fatal(err)
			}
		}
		report(b, begun, looks, "µs/random-get")
		ids = nil // they are the benchmark's
		var mem runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.HeapAlloc)/1e6, "MB-heap")
		debug.FreeOSMemory()
		for name, metric := range map[string]string{"RssAnon": "MB-anonymous", "VmRSS": "MB-resident"} {
			if mb, ok := memory(name); ok {
				b.ReportMetric(mb, metric)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

// memory returns what Linux says of the memory of this process, in megabytes
// (proc_pid_status(5)).
func memory(name string) (megabytes float64, ok bool) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes float64
		if n, _ := fmt.Sscanf(line, name+": %f kB", &kilobytes); n == 1 {
			return kilobytes * 1024 / 1e6, true
		}
	}
	return 0, false
}

func report(b *testing.B, begun time.Time, n int, unit string) {
	b.ReportMetric(time.Since(begun).Seconds()*1e6/float64(n), unit)
}

// A sweep of 100,000 expired records, while somebody looks up others. The longest
// look-up is what a person would notice; the longest of as many with nothing swept is
// what the machine does to anybody.
func BenchmarkSweep(b *testing.B) {
	const expired = 100_000
	var swept, quiet time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := openFile(b, filepath.Join(b.TempDir(), "gatehouse.db"))
		live := puts(b, s, 1000, func(*store.Record) {})
		puts(b, s, expired, func(r *store.Record) { r.Expires = time.Now().Add(-time.Hour) })
		b.StartTimer()
		begun := time.Now()
		swept = max(swept, longest(b, s, live, func() {
			n, err := s.Sweep(b.Context(), 2*expired)
			if err != nil || n != expired {
				b.Errorf("swept %d, %v", n, err)
			}
		}))
		b.StopTimer()
		took := time.Since(begun)
		quiet = max(quiet, longest(b, s, live, func() { time.Sleep(took) }))
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(swept.Microseconds()), "longest-get-µs")
	b.ReportMetric(float64(quiet.Microseconds()), "longest-get-quiet-µs")
}

// longest looks records up until do has returned.
func longest(b *testing.B, s *boltstore.Store, ids []store.ID, do func()) (longest time.Duration) {
	b.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	for i := 0; ; i++ {
		begun := time.Now()
		if _, err := s.Get(b.Context(), "session", ids[i%len(ids)]); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(begun))
		select {
		case <-done:
			return longest
		default:
		}
	}
}
