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

// decoder returns a record that shares no memory with value.
type decoder func(value []byte, kind store.Kind, id store.ID) (store.Record, error)

// decode returns a whole record.
func decode(value []byte, kind store.Kind, id store.ID) (store.Record, error) {
	r, payload, err := decodeParts(value, kind, id)
	if err == nil && len(payload) > 0 {
		r.Payload = slices.Clone(payload)
	}
	return r, err
}

// decodeBare returns a record without its payload.
func decodeBare(value []byte, kind store.Kind, id store.ID) (store.Record, error) {
	r, _, err := decodeParts(value, kind, id)
	return r, err
}

// decodeParts returns a record without its payload, and that as a part of value.
func decodeParts(value []byte, kind store.Kind, id store.ID) (r store.Record, payload []byte, err error) {
	h, err := decodeHead(value)
	if err != nil {
		return store.Record{}, nil, err
	}
	r = store.Record{
		Kind:    kind,
		ID:      id,
		Created: timeOf(h.created),
		Expires: timeOf(h.expires),
		Idle:    time.Duration(h.idle) * time.Millisecond,
		Seen:    timeOf(h.seen),
		Reads:   h.reads,
		Version: h.version,
	}
	body := value[headSize:]
	payload, ok := skipSecrets(body)
	if !ok {
		return store.Record{}, nil, fmt.Errorf("%w: record ends too early", store.ErrCorrupt)
	}
	// One copy that all strings are parts of.
	in := input[string]{rest: string(body[:len(body)-len(payload)])}
	r.Owner = in.text()
	if n := in.uint16(); n > 0 {
		r.Secrets = make([]store.Secret, n)
		for i := range r.Secrets {
			r.Secrets[i] = secret(&in)
		}
	}
	return r, payload, nil
}

// skipSecrets returns what follows owner and secrets in a body, and whether those
// are whole.
func skipSecrets(body []byte) (payload []byte, ok bool) {
	in := input[[]byte]{rest: body}
	in.text()
	for n := in.uint16(); n > 0 && !in.short; n-- {
		in.text()
		in.take(secretRest)
	}
	return in.rest, !in.short
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// ownerOf returns the owner in value, which it belongs to.
func ownerOf(value []byte) []byte {
	in := input[[]byte]{rest: value[min(headSize, len(value)):]}
	return in.text()
}

// secretRest is what follows the audience of a secret: hash and time.
const secretRest = 32 + 8

// input reads from the front; once that runs short it yields zeros.
type input[T string | []byte] struct {
	rest  T
	short bool
}

func (in *input[T]) take(n int) (taken T) {
	if n > len(in.rest) {
		in.short, in.rest = true, in.rest[:0]
		return taken
	}
	taken = in.rest[:n]
	in.rest = in.rest[n:]
	return taken
}

func (in *input[T]) uint16() int {
	b := in.take(2)
	if len(b) == 0 {
		return 0
	}
	return int(b[0])<<8 | int(b[1])
}

func (in *input[T]) text() T { return in.take(in.uint16()) }

// secret reads one of those that [skipSecrets] has found whole.
func secret(in *input[string]) (s store.Secret) {
	s.Audience = in.text()
	copy(s.Hash[:], in.take(len(s.Hash)))
	seconds := []byte(in.take(8))
	s.Since = time.Unix(int64(binary.BigEndian.Uint64(seconds)), 0).UTC()
	return s
}
