// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package msgmap knows the one form of data that the token service takes: a map in
// MessagePack. It checks that bytes are one, and nothing else, without believing a
// length that they claim; wraps them into the answer of a read, as they are; and
// turns JSON into such a map and back, for people.
//
// What is in a map, and how long it may be, belongs to the callers.
package msgmap

import (
	"encoding/binary"
	"errors"
)

// ErrNoMap means that bytes are not exactly one map in MessagePack.
var ErrNoMap = errors.New("not exactly one map in MessagePack")

// MaxDepth is how deep maps and arrays may lie in each other, the outermost included.
// Decoders of several languages recurse, and some end their process beyond their limit.
const MaxDepth = 64

// Check returns ErrNoMap unless data is one well-formed map and nothing behind it. It
// takes no memory, and time in proportion to the data.
func Check(data []byte) error {
	if len(data) == 0 || !isMap(data[0]) {
		return ErrNoMap
	}
	// What is open: how many values each map or array around this place still lacks.
	var open [MaxDepth]uint64
	depth := 0
	for {
		size, values, ok := head(data)
		if !ok {
			return ErrNoMap
		}
		data = data[size:]
		if values > 0 {
			// Each value is a byte at least, so a length that the data cannot hold is
			// known at once.
			if depth == MaxDepth || values > uint64(len(data)) {
				return ErrNoMap
			}
			open[depth] = values
			depth++
			continue
		}
		for depth > 0 {
			if open[depth-1]--; open[depth-1] > 0 {
				break
			}
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if len(data) > 0 {
		return ErrNoMap
	}
	return nil
}

func isMap(b byte) bool { return b&0xf0 == 0x80 || b == 0xde || b == 0xdf }

// form says how the value that begins with a byte goes on.
type form struct {
	// fixed is how many bytes follow.
	fixed uint8
	// length is how many bytes hold a length, which counts bytes or values.
	length uint8
	// holds is how many values each of the length counts: 1 in an array, 2 in a map.
	// Zero where it counts bytes.
	holds uint8
	// bad says that nothing begins so.
	bad bool
}

// forms are those from 0xc0 to 0xdf, by the specification of MessagePack.
var forms = [32]form{
	0x00: {},           // nil
	0x01: {bad: true},  // never used
	0x02: {}, 0x03: {}, // false, true
	0x04: {length: 1}, 0x05: {length: 2}, 0x06: {length: 4}, // bin
	0x07: {length: 1, fixed: 1}, 0x08: {length: 2, fixed: 1}, 0x09: {length: 4, fixed: 1}, // ext and its type
	0x0a: {fixed: 4}, 0x0b: {fixed: 8}, // float
	0x0c: {fixed: 1}, 0x0d: {fixed: 2}, 0x0e: {fixed: 4}, 0x0f: {fixed: 8}, // uint
	0x10: {fixed: 1}, 0x11: {fixed: 2}, 0x12: {fixed: 4}, 0x13: {fixed: 8}, // int
	0x14: {fixed: 2}, 0x15: {fixed: 3}, 0x16: {fixed: 5}, 0x17: {fixed: 9}, 0x18: {fixed: 17}, // fixext
	0x19: {length: 1}, 0x1a: {length: 2}, 0x1b: {length: 4}, // str
	0x1c: {length: 2, holds: 1}, 0x1d: {length: 4, holds: 1}, // array
	0x1e: {length: 2, holds: 2}, 0x1f: {length: 4, holds: 2}, // map
}

// head returns how many bytes the value at the beginning of data takes, and how many
// values follow that belong to it. ok is false when it is cut short or none.
func head(data []byte) (size int, values uint64, ok bool) {
	if len(data) == 0 {
		return 0, 0, false
	}
	switch b := data[0]; {
	case b < 0x80 || b >= 0xe0: // small integers
		return 1, 0, true
	case b < 0x90:
		return 1, 2 * uint64(b&0x0f), true
	case b < 0xa0:
		return 1, uint64(b & 0x0f), true
	case b < 0xc0:
		size = 1 + int(b&0x1f)
		return size, 0, size <= len(data)
	}
	f := forms[data[0]-0xc0]
	size = 1 + int(f.length) + int(f.fixed)
	if f.bad || size > len(data) {
		return 0, 0, false
	}
	n := length(data[1 : 1+f.length])
	if f.holds > 0 {
		return size, n * uint64(f.holds), true
	}
	if n > uint64(len(data)-size) {
		return 0, 0, false
	}
	return size + int(n), 0, true
}

func length(data []byte) uint64 {
	switch len(data) {
	case 1:
		return uint64(data[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(data))
	case 4:
		return uint64(binary.BigEndian.Uint32(data))
	}
	return 0
}
