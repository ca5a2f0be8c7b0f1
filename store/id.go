// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// ID names a record. Its first 48 bits are the time in milliseconds, big endian,
// so that new records are neighbours in a B-tree (docs/decisions/0003); the other
// 80 are random. It proves nothing and may appear in lists and logs.
type ID [16]byte

// IDLength is the length of an ID as text.
const IDLength = 22

// encoding is strict, so that one ID has one text.
var encoding = base64.RawURLEncoding.Strict()

// NewID returns an ID for a record created at now.
func NewID(now time.Time) ID {
	var id ID
	rand.Read(id[:]) // never fails (crypto/rand, since Go 1.24)
	ms := uint64(now.UnixMilli())
	binary.BigEndian.PutUint16(id[0:2], uint16(ms>>32))
	binary.BigEndian.PutUint32(id[2:6], uint32(ms))
	return id
}

// ParseID reads an ID from its text: 22 characters of unpadded base64url.
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) != IDLength {
		return id, errors.New("an ID has 22 characters")
	}
	if n, err := encoding.Decode(id[:], []byte(text)); err != nil || n != len(id) {
		return ID{}, errors.New("an ID is written in unpadded base64url")
	}
	return id, nil
}

// String returns the ID as 22 characters of unpadded base64url.
func (id ID) String() string { return encoding.EncodeToString(id[:]) }

// Time returns when the ID was made, in whole milliseconds.
func (id ID) Time() time.Time {
	ms := int64(binary.BigEndian.Uint16(id[0:2]))<<32 | int64(binary.BigEndian.Uint32(id[2:6]))
	return time.UnixMilli(ms)
}

// IsZero reports whether the ID is the zero ID, which names no record.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText writes the ID as [ID.String] does.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what [ParseID] reads.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}
