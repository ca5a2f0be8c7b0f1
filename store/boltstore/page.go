// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"bytes"
	"iter"

	"go.etcd.io/bbolt"
)

// A list is read in pages, each in a transaction of its own that is over before
// the caller's loop sees the first entry: a transaction held open keeps every
// page that is freed meanwhile from being used again, and the file grows.
const (
	pageEntries = 512
	pageBytes   = 1 << 20
)

// room says when a page is full.
type room struct{ entries, bytes int }

func newRoom() *room { return &room{pageEntries, pageBytes} }

// fill counts an entry of size bytes and reports whether the page is now full.
func (r *room) fill(size int) bool {
	r.entries--
	r.bytes -= size
	return r.entries <= 0 || r.bytes <= 0
}

// pages yields what next returns, page by page. next gets the key after which to
// go on, nil at first, and returns the last key that it looked at, nil when there
// is no more.
func pages[T any](next func(after []byte) ([]T, []byte, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var after []byte
		for {
			page, last, err := next(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
			}
			if after = last; after == nil {
				return
			}
		}
	}
}

// seekAfter moves to the first key that is greater than after, or, when after is
// nil, to the first that is not less than from.
func seekAfter(c *bbolt.Cursor, from, after []byte) (k, v []byte) {
	if after == nil {
		return c.Seek(from)
	}
	if k, v = c.Seek(after); k != nil && bytes.Equal(k, after) {
		return c.Next()
	}
	return k, v
}
