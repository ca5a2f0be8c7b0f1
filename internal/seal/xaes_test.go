// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"encoding/hex"
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
		got := s.aead(nonce[:12]).Seal(nil, nonce[12:], []byte("XAES-256-GCM"), []byte(test.ad))
		if hex.EncodeToString(got) != test.want {
			t.Errorf("got %x, want %s", got, test.want)
		}
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
