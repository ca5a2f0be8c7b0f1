// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"encoding/hex"
	"slices"
	"sync"
	"testing"
)

// The two known answers of the specification (c2sp.org/XAES-256-GCM).
func TestXAES(t *testing.T) {
	for _, test := range []struct {
		key  byte
		ad   string
		want string
	}{
		{0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		s := newSealer([KeySize]byte(bytes.Repeat([]byte{test.key}, KeySize)))
		nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
		got := s.series([halfSize]byte(nonce)).aead.Seal(nil, nonce[halfSize:], []byte("XAES-256-GCM"), []byte(test.ad))
		if hex.EncodeToString(got) != test.want {
			t.Errorf("got %x, want %s", got, test.want)
		}
		plain, err := s.open(slices.Concat([]byte{sealVersion}, nonce, got), []byte(test.ad))
		if err != nil || string(plain) != "XAES-256-GCM" {
			t.Errorf("opened %q, %v", plain, err)
		}
	}
}

// No two messages have one nonce, however many are sealed at once and wherever a series
// ends, and a series is not longer than it may be. Messages of series that have ended,
// and of other processes, which have series of their own, open as well.
func TestSeries(t *testing.T) {
	key := [KeySize]byte{1}
	s, other := newSealer(key), newSealer(key)
	const callers, each = 8, 100
	sealed := make([][][]byte, callers)
	var wg sync.WaitGroup
	for i := range sealed {
		wg.Go(func() {
			for n := range each {
				if n == each/2 {
					s.sealing.Load().left.Store(0)
				}
				sealed[i] = append(sealed[i], s.seal([]byte("plain"), nil), other.seal([]byte("plain"), nil))
			}
		})
	}
	wg.Wait()
	nonces, halves := map[string]bool{}, map[string]int{}
	for _, message := range slices.Concat(sealed...) {
		nonce := message[1 : 1+nonceSize]
		if nonces[string(nonce)] {
			t.Fatalf("nonce %x comes twice", nonce)
		}
		nonces[string(nonce)] = true
		halves[string(nonce[:halfSize])]++
		if plain, err := newSealer(key).open(message, nil); err != nil || string(plain) != "plain" {
			t.Errorf("opened by another process: %q, %v", plain, err)
		}
		if plain, err := s.open(message, nil); err != nil || string(plain) != "plain" {
			t.Errorf("opened: %q, %v", plain, err)
		}
	}
	if len(halves) < 3 {
		t.Errorf("%d series: one that is over goes on", len(halves))
	}
	// At its end.
	last := s.series([halfSize]byte{2})
	last.left.Store(2)
	s.sealing.Store(last)
	for n, want := range []bool{true, true, false} {
		if is := bytes.HasPrefix(s.seal(nil, nil)[1:], last.half[:]); is != want {
			t.Errorf("message %d is of the series: %t", n, is)
		}
	}
	if left := s.sealing.Load().left.Load(); left != seriesLength-1 {
		t.Errorf("a series that has begun has %d messages left", left)
	}
}

// Somebody who sends what was never sealed learns nothing, and is in nobody's way.
func TestManySeries(t *testing.T) {
	s := newSealer([KeySize]byte{1})
	message := s.seal([]byte("plain"), nil)
	for i := range 1000 {
		foreign := bytes.Clone(message)
		foreign[1], foreign[2] = byte(i), byte(i>>8)
		if plain, err := s.open(foreign, nil); err == nil && !bytes.Equal(foreign, message) {
			t.Fatalf("opened %q", plain)
		}
	}
	if plain, err := s.open(message, nil); err != nil || string(plain) != "plain" {
		t.Errorf("opened %q, %v", plain, err)
	}
}

func BenchmarkSeal(b *testing.B) {
	k := randomKey("test")
	plain, place := make([]byte, 256), make([]byte, 24)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Open(k.Seal(plain, place), place); err != nil {
			b.Fatal(err)
		}
	}
}
