// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/tokens"
)

// BenchmarkSpace is one namespace in a file, sealed, every write on disk before it is
// answered:
//
//	go test ./tokens -run '^$' -bench Space
func BenchmarkSpace(b *testing.B) {
	file, err := tokens.Open(filepath.Join(b.TempDir(), "tokens.db"), tokens.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	space := newSpace(b, file.Engine, "shop", tokens.Limits{Quota: 1 << 30})
	value := tokens.Value{Data: make([]byte, 256)}
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("create/%d", callers), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := space.Create(b.Context(), "", value); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	const hot = 40_000
	all := make([]string, hot)
	var work sync.WaitGroup
	for part := range slices.Chunk(all, hot/256) { // who come together wait together
		work.Go(func() {
			for i := range part {
				var err error
				if part[i], err = space.Create(b.Context(), "", value); err != nil {
					b.Error(err)
				}
			}
		})
	}
	work.Wait()
	for _, token := range all {
		read(b, space, token)
	}
	var next atomic.Int64
	b.Run("read/hot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := space.Read(b.Context(), all[next.Add(1)%hot]); err != nil {
				b.Fatal(err)
			}
		}
	})
	cold := newSpace(b, tokens.New(tokens.StoreOf(file), tokens.Options{}), "shop", tokens.Limits{})
	b.Run("read/file", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cold.Read(b.Context(), all[next.Add(7919)%hot]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRelaxed is one caller who is answered before the disk is, as CRUDJT answers;
// "flushed" counts in what comes after:
//
//	go test ./tokens -run '^$' -bench Relaxed -benchtime 40000x
func BenchmarkRelaxed(b *testing.B) {
	for _, flushed := range []bool{false, true} {
		name := map[bool]string{false: "answered", true: "flushed"}[flushed]
		file, err := tokens.Open(filepath.Join(b.TempDir(), "tokens.db"), tokens.Options{Relaxed: true})
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		space := newSpace(b, file.Engine, "shop", tokens.Limits{})
		value := tokens.Value{Data: make([]byte, 256)}
		var all []string
		run := func(what string, do func(i int) error) {
			b.Run(what+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				if what == "create" {
					all = all[:0]
				}
				for i := range b.N {
					if err := do(i); err != nil && !errors.Is(err, tokens.ErrNone) {
						b.Fatal(err)
					}
				}
				if !flushed {
					b.StopTimer()
				}
				if err := file.Flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			})
		}
		run("create", func(int) error {
			token, err := space.Create(b.Context(), "", value)
			all = append(all, token)
			return err
		})
		run("update", func(i int) error { return space.Update(b.Context(), all[i%len(all)], value) })
		run("delete", func(i int) error { return space.Delete(b.Context(), all[i%len(all)]) })
	}
}

// BenchmarkMillion reads at random among a million tokens of 220 bytes, from memory that
// has room for all and from the file; "heap" is what they take in memory:
//
//	go test ./tokens -run '^$' -bench Million -benchtime 1x
func BenchmarkMillion(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 50_000
	}
	for b.Loop() {
		file, err := tokens.Open(filepath.Join(b.TempDir(), "tokens.db"), tokens.Options{Relaxed: true, Memory: 1 << 30})
		if err != nil {
			b.Fatal(err)
		}
		space := newSpace(b, file.Engine, "shop", tokens.Limits{})
		all := make([]string, n)
		for i := range all {
			all[i] = create(b, space, "", tokens.Value{Data: make([]byte, 220), TTL: time.Hour})
		}
		cold := newSpace(b, tokens.New(tokens.StoreOf(file), tokens.Options{}), "shop", tokens.Limits{})
		report(b, "file", cold, all)
		for _, token := range all {
			read(b, space, token)
		}
		report(b, "memory", space, all)
		var mem runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.HeapAlloc)/1e6, "MB-heap")
		if err := file.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// report reads at random and reports what a read takes. The tokens are picked before,
// and lie in memory as those of callers do who have just sent them.
func report(b *testing.B, from string, space *tokens.Space, all []string) {
	const reads = 500_000
	picked := make([]string, reads)
	for i := range picked {
		picked[i] = strings.Clone(all[rand.IntN(len(all))])
	}
	runtime.GC()
	begun := time.Now()
	for _, token := range picked {
		if _, err := space.Read(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(time.Since(begun).Seconds()*1e6/reads, "µs/read-"+from)
}
