// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/netip"
	"testing"
	"time"
)

// Anybody may fetch the keys, from as many addresses as they have: the latest are kept,
// each of them once.
func TestKeyReadersAreBounded(t *testing.T) {
	var readers KeyReaders
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)}) }
	for i := range 1000 {
		readers.note(at(i), time.Unix(int64(i), 0))
	}
	readers.note(at(980), time.Unix(2000, 0))
	all := readers.All()
	if len(all) != mostKeyReaders {
		t.Fatalf("%d are kept", len(all))
	}
	if first, last := all[0], all[len(all)-1]; first.Address != at(936) || last != (KeyReader{at(980), time.Unix(2000, 0)}) {
		t.Errorf("from %v to %v", first, last)
	}
}
