// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// A record is written as a head of fixed size, so that the frequent changes
// (touch, counted read) replace some bytes and decode nothing, and a body:
//
//	0  1  codec (1)
//	1  8  version
//	9  8  seen, ms
//	17 8  expires, ms
//	25 8  created, ms
//	33 8  idle, ms
//	41 8  where the expiry index has it, ms (never: not at all)
//	49 4  reads left
//	53 2  length of owner, owner
//	   2  number of secrets, for each: length of audience (2), audience, hash (32), since in s (8)
//	      payload: the rest
//
// Times are Unix times; the zero time.Time is one of them and comes back as such.
const (
	codec    = 1
	headSize = 53
)

// head is what a record's life depends on. Times are Unix milliseconds.
type head struct {
	version uint64
	seen    int64
	expires int64
	created int64
	idle    int64
	indexed int64
	reads   uint32
}

var zeroTime = time.Time{}.UnixMilli()

// end returns the moment from which the record is expired, or never. It is
// [store.Record.End] in milliseconds.
func (h *head) end() int64 {
	end := int64(never)
	if h.expires != zeroTime {
		end = h.expires
	}
	if h.idle > 0 {
		end = min(end, h.seen+h.idle)
	}
	return end
}

func (h *head) expired(now time.Time) bool {
	end := h.end()
	return end != never && !now.Before(time.UnixMilli(end))
}

func headOf(r *store.Record) head {
	return head{
		version: r.Version,
		seen:    r.Seen.UnixMilli(),
		expires: r.Expires.UnixMilli(),
		created: r.Created.UnixMilli(),
		idle:    r.Idle.Milliseconds(),
		indexed: never,
		reads:   r.Reads,
	}
}

// write puts the head at the beginning of value.
func (h *head) write(value []byte) {
	value[0] = codec
	binary.BigEndian.PutUint64(value[1:], h.version)
	binary.BigEndian.PutUint64(value[9:], uint64(h.seen))
	binary.BigEndian.PutUint64(value[17:], uint64(h.expires))
	binary.BigEndian.PutUint64(value[25:], uint64(h.created))
	binary.BigEndian.PutUint64(value[33:], uint64(h.idle))
	binary.BigEndian.PutUint64(value[41:], uint64(h.indexed))
	binary.BigEndian.PutUint32(value[49:], h.reads)
}

// with returns a copy of value that begins with this head. A value in a
// transaction is never changed in place: it may be the file itself.
func (h *head) with(value []byte) []byte {
	value = slices.Clone(value)
	h.write(value)
	return value
}

func decodeHead(value []byte) (head, error) {
	if len(value) < headSize {
		return head{}, fmt.Errorf("%w: record of %d bytes", store.ErrCorrupt, len(value))
	}
	if value[0] != codec {
		return head{}, fmt.Errorf("%w: record in unknown codec %d", store.ErrCorrupt, value[0])
	}
	h := head{
		version: binary.BigEndian.Uint64(value[1:]),
		seen:    int64(binary.BigEndian.Uint64(value[9:])),
		expires: int64(binary.BigEndian.Uint64(value[17:])),
		created: int64(binary.BigEndian.Uint64(value[25:])),
		idle:    int64(binary.BigEndian.Uint64(value[33:])),
		indexed: int64(binary.BigEndian.Uint64(value[41:])),
		reads:   binary.BigEndian.Uint32(value[49:]),
	}
	if h.version == 0 || h.idle < 0 || h.idle > math.MaxInt64/int64(time.Millisecond) {
		return head{}, fmt.Errorf("%w: record with version %d and idle limit %d ms", store.ErrCorrupt, h.version, h.idle)
	}
	return h, nil
}

// encode returns the bytes of a record that has passed [store.CheckChanges]. Its
// head is h.
func encode(h head, r *store.Record) []byte {
	size := headSize + 2 + len(r.Owner) + 2 + len(r.Payload)
	for _, s := range r.Secrets {
		size += 2 + len(s.Audience) + len(s.Hash) + 8
	}
	value := make([]byte, headSize, size)
	h.write(value)
	value = appendText(value, r.Owner)
	value = binary.BigEndian.AppendUint16(value, uint16(len(r.Secrets)))
	for _, s := range r.Secrets {
		value = appendText(value, s.Audience)
		value = append(value, s.Hash[:]...)
		value = binary.BigEndian.AppendUint64(value, uint64(s.Since.Unix()))
	}
	return append(value, r.Payload...)
}

func appendText(value []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint16(value, uint16(len(text))), text...)
}

// decode returns a record that shares no memory with value.
func decode(value []byte, kind store.Kind, id store.ID) (store.Record, error) {
	h, err := decodeHead(value)
	if err != nil {
		return store.Record{}, err
	}
	r := store.Record{
		Kind:    kind,
		ID:      id,
		Created: timeOf(h.created),
		Expires: timeOf(h.expires),
		Idle:    time.Duration(h.idle) * time.Millisecond,
		Seen:    timeOf(h.seen),
		Reads:   h.reads,
		Version: h.version,
	}
	in := input{rest: value[headSize:]}
	r.Owner = string(in.text())
	if n := in.uint16(); n > 0 {
		r.Secrets = make([]store.Secret, 0, min(n, len(in.rest)/secretSize))
		for range n {
			r.Secrets = append(r.Secrets, in.secret())
		}
	}
	if in.short {
		return store.Record{}, fmt.Errorf("%w: record ends too early", store.ErrCorrupt)
	}
	if len(in.rest) > 0 {
		r.Payload = slices.Clone(in.rest)
	}
	return r, nil
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// ownerOf returns the owner in value, which it belongs to.
func ownerOf(value []byte) []byte {
	in := input{rest: value[min(headSize, len(value)):]}
	return in.text()
}

// secretSize is the least that a secret takes.
const secretSize = 2 + 32 + 8

// input reads bytes from the front; once they run short it yields zeros.
type input struct {
	rest  []byte
	short bool
}

func (in *input) take(n int) []byte {
	if n > len(in.rest) {
		in.short, in.rest = true, nil
		return nil
	}
	taken := in.rest[:n]
	in.rest = in.rest[n:]
	return taken
}

func (in *input) uint16() int {
	if b := in.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (in *input) text() []byte { return in.take(in.uint16()) }

func (in *input) secret() (s store.Secret) {
	s.Audience = string(in.text())
	copy(s.Hash[:], in.take(len(s.Hash)))
	if b := in.take(8); b != nil {
		s.Since = time.Unix(int64(binary.BigEndian.Uint64(b)), 0).UTC()
	}
	return s
}
