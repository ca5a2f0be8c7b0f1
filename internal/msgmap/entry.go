// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package msgmap

import (
	"encoding/binary"
	"math"
)

// Nil is what a read answers when there is no such token.
const Nil = 0xc0

// Entry is the answer of a read.
type Entry struct {
	// Data is a map as it was received.
	Data []byte
	// TTL is how many seconds are left. Zero means that the time is not limited.
	TTL int64
	// ReadLimited reports whether the reads are limited, and Reads how many are left.
	ReadLimited bool
	Reads       uint32
}

// Pack returns the map {"metadata": {"ttl": …, "silence_read": …}, "data": …}. Of the
// metadata only what is limited is there, and none at all when nothing is.
func (e Entry) Pack() []byte {
	limits := 0
	if e.TTL > 0 {
		limits++
	}
	if e.ReadLimited {
		limits++
	}
	out := make([]byte, 0, 64+len(e.Data))
	if limits == 0 {
		out = append(out, 0x81)
	} else {
		out = append(out, 0x82)
		out = appendText(out, "metadata")
		out = append(out, 0x80|byte(limits))
	}
	if e.TTL > 0 {
		out = appendUint(appendText(out, "ttl"), uint64(e.TTL))
	}
	if e.ReadLimited {
		out = appendUint(appendText(out, "silence_read"), uint64(e.Reads))
	}
	return append(appendText(out, "data"), e.Data...)
}

// appendText appends a text of 31 bytes at most.
func appendText(out []byte, text string) []byte {
	return append(append(out, 0xa0|byte(len(text))), text...)
}

// appendUint appends a number in its shortest form.
func appendUint(out []byte, n uint64) []byte {
	switch {
	case n < 0x80:
		return append(out, byte(n))
	case n <= math.MaxUint8:
		return append(out, 0xcc, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, 0xcd), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(out, 0xce), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(out, 0xcf), n)
}
