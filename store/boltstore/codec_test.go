// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Whatever bytes stand where a record should: an ErrCorrupt, or a record that is
// written as the same bytes again. The end by the head is the end by the contract.
func FuzzDecode(f *testing.F) {
	full := store.Record{
		Owner: "u-1", Payload: []byte("payload"), Created: time.Now(), Expires: time.Now(), Seen: time.Now(),
		Idle: time.Hour, Reads: 3, Version: 7,
		Secrets: []store.Secret{{Audience: "https://wiki.example.com", Hash: [32]byte{1}, Since: time.Now()}, {}},
	}
	f.Add(encode(headOf(&full), &full))
	f.Add(encode(headOf(&store.Record{Version: 1}), &store.Record{}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := decode(value, "session", store.ID{1})
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("got error %v", err)
			}
			return
		}
		h, err := decodeHead(value)
		if err != nil {
			t.Fatal(err)
		}
		again := headOf(&r)
		again.indexed = h.indexed
		if got := encode(again, &r); !bytes.Equal(got, value) {
			t.Errorf("decoded and encoded again:\n%x\n%x", value, got)
		}
		if string(ownerOf(value)) != r.Owner {
			t.Errorf("owner: got %q, want %q", ownerOf(value), r.Owner)
		}
	})
}

// The index and every check by the head agree with the contract's End.
func TestEndOfHead(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond).UTC()
	for _, r := range []store.Record{
		{},
		{Seen: now},
		{Expires: now},
		{Seen: now, Idle: time.Hour},
		{Idle: time.Hour},
		{Seen: now, Idle: time.Hour, Expires: now.Add(time.Minute)},
		{Seen: now, Idle: time.Hour, Expires: now.Add(2 * time.Hour)},
		{Expires: time.Unix(0, 0)},
		{Expires: time.Unix(-5, 0)},
	} {
		h := headOf(&r)
		end := r.End()
		if end.IsZero() != (h.end() == never) || !end.IsZero() && h.end() != end.UnixMilli() {
			t.Errorf("%+v: got end %d, want %v", r, h.end(), end)
		}
		for _, at := range []time.Time{now.Add(-time.Nanosecond), now, end, end.Add(-time.Nanosecond)} {
			if h.expired(at) != r.Expired(at) {
				t.Errorf("%+v at %v: got %v, want %v", r, at, h.expired(at), r.Expired(at))
			}
		}
	}
}

// Entries are read as they were written, and sort by time.
func FuzzEntry(f *testing.F) {
	f.Add(recordEntry(1_700_000_000_000, "session", store.ID{1}))
	f.Add(counterEntry(time.Now(), "login/a"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, key []byte) {
		d, err := readEntry(key)
		if err != nil {
			return
		}
		again := append(entry(d.ms, shapeCounter, 0), d.counter...)
		if d.counter == "" {
			again = recordEntry(d.ms, d.kind, d.id)
		}
		if !bytes.Equal(again, key) {
			t.Errorf("got %x, want %x", again, key)
		}
		if later := entry(d.ms+1, 0, 0); d.ms < never && bytes.Compare(key, later) >= 0 {
			t.Errorf("%x does not come before %x", key, later)
		}
	})
}

// The holder of a lock is found in the kernel's table, whose lines may be anything.
func FuzzParseLocks(f *testing.F) {
	f.Add("1: FLOCK  ADVISORY  WRITE 1234 fe:00:5678 0 EOF\n2: POSIX  ADVISORY  WRITE 4 fe:00:5678 0 EOF\n")
	f.Add("1: FLOCK")
	f.Fuzz(func(t *testing.T, locks string) {
		if pid := parseLocks(locks, 5678); pid < 0 {
			t.Errorf("got %d", pid)
		}
	})
}

// Only a flock on this very inode counts.
func TestParseLocks(t *testing.T) {
	const locks = `1: POSIX  ADVISORY  WRITE 11 fe:00:5678 0 EOF
2: FLOCK  ADVISORY  WRITE 12 fe:00:15678 0 EOF
3: -> FLOCK  ADVISORY  WRITE 13 fe:00:5678 0 EOF
4: FLOCK  ADVISORY  WRITE 14 fe:00:5678 0 EOF
`
	if got := parseLocks(locks, 5678); got != 14 {
		t.Errorf("got process %d, want 14", got)
	}
	if got := parseLocks(locks, 1); got != 0 {
		t.Errorf("got process %d for an inode that is not there", got)
	}
}
