// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// KeyReader is an address that has fetched the keys, and when it last has.
type KeyReader struct {
	Address netip.Addr
	At      time.Time
}

// KeyReaders keeps who has fetched the keys, which tells an operator whether apps that
// verify assertions reach the portal from where they run. Anybody may fetch them, so only
// the latest few are kept. The zero value is ready.
type KeyReaders struct {
	mu   sync.Mutex
	seen []KeyReader // the latest last
}

const mostKeyReaders = 64

func (k *KeyReaders) note(address netip.Addr, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = slices.DeleteFunc(k.seen, func(r KeyReader) bool { return r.Address == address })
	if len(k.seen) >= mostKeyReaders {
		k.seen = slices.Delete(k.seen, 0, 1)
	}
	k.seen = append(k.seen, KeyReader{address, now})
}

// All returns them.
func (k *KeyReaders) All() []KeyReader {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.seen)
}
