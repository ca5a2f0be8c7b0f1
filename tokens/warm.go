// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// warm is a token in memory, in one piece: among a million of them, to come from one
// piece to another costs more than to take one apart.
//
//	32 hash of the secret
//	 8 when the token ends, in Unix milliseconds, or never
//	 8 when it was written, in Unix milliseconds
//	   length of kind (1), kind, data
type warm string

const (
	warmHead = 32 + 8 + 8 + 1
	never    = math.MaxInt64
)

func newWarm(r *store.Record, e *Entry) warm {
	expires := int64(never)
	if !e.Expires.IsZero() {
		expires = e.Expires.UnixMilli()
	}
	w := make([]byte, 0, warmHead+len(r.Kind)+len(e.Data))
	w = append(w, r.Secrets[0].Hash[:]...)
	w = binary.BigEndian.AppendUint64(w, uint64(expires))
	w = binary.BigEndian.AppendUint64(w, uint64(e.Written.UnixMilli()))
	w = append(append(w, byte(len(r.Kind))), r.Kind...)
	return warm(append(w, e.Data...))
}

// hash returns that of the secret.
func (w warm) hash() []byte { return []byte(w[:32]) }

func (w warm) kind() store.Kind { return store.Kind(w[warmHead:][:w[warmHead-1]]) }

// entry returns what the token stands for, without its data.
func (w warm) entry() (e Entry) {
	if expires := w.time(32); expires != never {
		e.Expires = time.UnixMilli(expires).UTC()
	}
	e.Written = time.UnixMilli(w.time(40)).UTC()
	return e
}

func (w warm) time(at int) int64 {
	return int64(binary.BigEndian.Uint64([]byte(w[at : at+8])))
}

func (w warm) data() []byte { return []byte(w[warmHead+len(w.kind()):]) }

// place is about what a token takes besides, in the table and for rounding up, in bytes.
const place = 100

func (w warm) size() int { return len(w) + place }
