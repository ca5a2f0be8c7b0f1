// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// A clock that is set back makes no token live longer, one that is set forward ends it
// as if that time had gone by, and neither is remembered (threat 51).
func TestClockThatJumps(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const m = time.Minute
	for _, test := range []struct {
		name                string
		wall, elapsed, want time.Duration // since noon, when the engine began
	}{
		{"runs well", 10 * m, 10 * m, 10 * m},
		{"set back", -50 * m, 10 * m, 10 * m},
		{"set back by years", -1e6 * m, 10 * m, 10 * m},
		{"set forward", 70 * m, 10 * m, 70 * m},
		{"set forward and back again", 20 * m, 20 * m, 20 * m},
		{"at the beginning", 0, 0, 0},
	} {
		if got := later(noon.Add(test.wall), noon, test.elapsed).Sub(noon); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// A token of a clock that was ahead is over when the clock is right again, unless it
// does not end by time.
func TestTokenFromTheFuture(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for ahead, over := range map[time.Duration]bool{
		-time.Hour:  true, // an hour old, and half an hour was given
		0:           false,
		time.Minute: false,
		time.Hour:   true,
	} {
		written := noon.Add(ahead)
		e := Entry{Written: written, Expires: written.Add(30 * time.Minute)}
		if e.expired(noon) != over {
			t.Errorf("written %s ahead: over %t", ahead, !over)
		}
		if e.Expires = (time.Time{}); e.expired(noon) {
			t.Errorf("written %s ahead without an end: over", ahead)
		}
	}
}

// What is over by the clock of the engine is over, whatever the store makes of it, whose
// clock is that on the wall: it is not read, from memory or from the store, and no
// update brings it back.
func TestStoreWhoseClockWasSetBack(t *testing.T) {
	for _, size := range []int{0, 1 << 20} {
		e := New(memstore.New(), Options{Memory: size})
		s, err := e.Space("shop", Limits{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := s.Create(t.Context(), "", Value{Data: []byte("data"), TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		wall := e.now
		e.now = func() time.Time { return wall().Add(2 * time.Hour) } // as it is when the wall's was set back by two
		if entry, err := s.Read(t.Context(), text); !errors.Is(err, ErrNone) {
			t.Errorf("read: %v, %v", entry, err)
		}
		if err := s.Update(t.Context(), text, Value{}); !errors.Is(err, ErrNone) {
			t.Errorf("update: %v", err)
		}
		if err := s.Delete(t.Context(), text); !errors.Is(err, ErrNone) {
			t.Errorf("delete: %v", err)
		}
		again, err := s.Create(t.Context(), "", Value{Data: []byte("data"), TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if entry, err := s.Read(t.Context(), again); err != nil || entry.TTL(s.Now()) < time.Hour-time.Minute {
			t.Errorf("made afterwards: %v, %v", entry.TTL(s.Now()), err)
		}
	}
}
