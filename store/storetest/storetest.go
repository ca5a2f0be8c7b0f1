// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package storetest is the contract of package store as tests: every sentence of
// store.go that can be wrong has a subtest here, and every store passes them all.
// What a store promises beyond the contract (survival of a crash, sealing, push)
// is tested beside that store.
package storetest

import (
	"crypto/sha256"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Run checks that what open returns, each time a new and empty store that is
// closed at the end of the test, keeps the contract. It waits only where time
// itself is the matter, some milliseconds each time.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"get", testGet},
		{"times are rounded", testRounding},
		{"ownership of memory", testOwnership},
		{"put versions", testPutVersions},
		{"put over expired", testPutOverExpired},
		{"delete", testDelete},
		{"delete has one winner", testOneWinner},
		{"update has one winner", testOneUpdate},
		{"commit is atomic", testAtomic},
		{"commit of everything", testMixed},
		{"commit refuses nonsense", testNonsense},
		{"commits are seen", testSeen},
		{"quota", testQuota},
		{"quota in parallel", testQuotaParallel},
		{"documents", testDocuments},
		{"read limited", testReadLimited},
		{"read exactly n times", testReadParallel},
		{"read with a wrong hash", testReadWrongHash},
		{"touch", testTouch},
		{"touch never resurrects", testTouchGone},
		{"list", testList},
		{"list while writing", testListWriting},
		{"list of many", testListMany},
		{"counters", testCounters},
		{"counter windows", testCounterWindow},
		{"counters in parallel", testCounterParallel},
		{"expired is invisible", testExpired},
		{"sweep", testSweep},
		{"cancelled", testCancelled},
		{"close", testClose},
		{"model", testModel},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// RunClock checks the exact moments of limits, for stores whose clock is time.Now
// in this process. open is called inside a [synctest] bubble.
func RunClock(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"expires", testClockExpires},
		{"idle", testClockIdle},
		{"earlier limit wins", testClockEarlier},
		{"counter", testClockCounter},
		{"sweep", testClockSweep},
		{"sweep when the end has moved", testClockMoved},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test.run(t, open(t)) })
		})
	}
}

const kind store.Kind = "session"

// record returns a record that is whole: each field has a value of its own.
func record(now time.Time) store.Record {
	now = store.RoundTime(now)
	return store.Record{
		Kind:  kind,
		ID:    store.NewID(now),
		Owner: "u-1",
		Secrets: []store.Secret{
			{Audience: "https://wiki.example.com", Hash: sha256.Sum256([]byte("wiki")), Since: now.Truncate(time.Second)},
			{Audience: "https://tickets.example.com", Hash: sha256.Sum256([]byte("tickets")), Since: now.Truncate(time.Second)},
		},
		Payload: []byte("payload"),
		Created: now,
		Expires: now.Add(time.Hour),
		Idle:    30 * time.Minute,
		Seen:    now,
	}
}

// put commits a record and returns it as it is stored.
func put(t testing.TB, s store.Store, r store.Record) store.Record {
	t.Helper()
	must(t, s.Commit(t.Context(), store.Put{Record: r}))
	r.Version++
	return r
}

func putDocument(t testing.TB, s store.Store, name, data string) {
	t.Helper()
	must(t, s.Commit(t.Context(), store.PutDocument{Document: store.Document{Name: name, Data: []byte(data)}}))
}

func get(t testing.TB, s store.Store, r store.Record) store.Record {
	t.Helper()
	got, err := s.Get(t.Context(), r.Kind, r.ID)
	must(t, err)
	if p, ok := s.(store.Peeker); ok {
		peeked, err := p.Peek(t.Context(), r.Kind, r.ID)
		must(t, err)
		bare := got
		bare.Payload = nil
		same(t, "peeked", peeked, bare)
	}
	return got
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%s: got error %v, want %v", what, got, want)
	}
}

func wantGone(t testing.TB, s store.Store, r store.Record) {
	t.Helper()
	_, err := s.Get(t.Context(), r.Kind, r.ID)
	wantErr(t, "get", err, store.ErrNotFound)
	if p, ok := s.(store.Peeker); ok {
		_, err := p.Peek(t.Context(), r.Kind, r.ID)
		wantErr(t, "peek", err, store.ErrNotFound)
	}
}

// same compares records or documents; nothing and an empty slice are the same.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// eventually waits for what only the passing of time can bring.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}
