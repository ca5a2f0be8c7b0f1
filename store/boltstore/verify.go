// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The layout of bbolt's pages, in the byte order of the machine that wrote them:
// a header of id (8), flags (2), count (2), overflow (4), then count elements.
// A branch element is pos (4), ksize (4), page (8); a leaf element is flags (4),
// pos (4), ksize (4), vsize (4). pos counts from the element itself.
const (
	pageHeader  = 16
	elementSize = 16

	branchFlag = 0x01
	leafFlag   = 0x02
	bucketFlag = 0x01 // of a leaf element: its value is a bucket

	bucketHeader = 16 // root page (8), sequence (8)

	deepest = 64 // levels of pages and buckets; a tree of 2^64 keys has fewer
)

// verify walks all trees of a bbolt file and reports the first thing that cannot
// be. It is what bbolt does itself when it opens a file without a freelist, except
// that bbolt walks through mapped memory in a goroutine of its own and panics there,
// out of everybody's reach, when it meets a page that is not what it should be.
//
// size is where the file's data ends, root the page of the root bucket.
func verify(file io.ReaderAt, pageSize int, size int64, root uint64) error {
	if pageSize < 1024 || size < 0 {
		return fmt.Errorf("impossible page size %d", pageSize)
	}
	pages := uint64(size) / uint64(pageSize)
	v := &verifier{file: file, pageSize: pageSize, seen: make([]uint64, pages/64+1), pages: pages}
	// The last page may be free; a file that ends before it has lost something,
	// and reading there through mapped memory kills the process.
	if _, err := file.ReadAt(make([]byte, 1), size-1); err != nil {
		return fmt.Errorf("it ends before byte %d: %w", size, err)
	}
	return v.page(root, nil, nil, 0)
}

type verifier struct {
	file     io.ReaderAt
	pageSize int
	pages    uint64   // all IDs are below
	seen     []uint64 // one bit for each page that something refers to
}

// page checks the tree below a page, whose keys lie between low and, when it is
// not nil, below high.
func (v *verifier) page(id uint64, low, high []byte, depth int) error {
	if depth > deepest {
		return errors.New("pages refer to each other in a circle")
	}
	page, err := v.read(id)
	if err != nil {
		return err
	}
	switch page.flags() {
	case leafFlag:
		return v.leaf(page, id, low, high, depth)
	case branchFlag:
		return v.branch(page, id, low, high, depth)
	default:
		return fmt.Errorf("page %d has type %#x", id, page.flags())
	}
}

func (v *verifier) branch(p page, id uint64, low, high []byte, depth int) error {
	n := p.count()
	if n == 0 {
		return fmt.Errorf("page %d has no children", id)
	}
	keys := make([][]byte, n)
	for i := range n {
		var err error
		if keys[i], err = p.branchKey(i); err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
	}
	if err := ordered(keys, low, high); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	for i := range n {
		next := high
		if i+1 < n {
			next = keys[i+1]
		}
		if err := v.page(p.child(i), keys[i], next, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) leaf(p page, id uint64, low, high []byte, depth int) error {
	keys := make([][]byte, p.count())
	for i := range keys {
		key, value, isBucket, err := p.entry(i)
		if err == nil && isBucket {
			err = v.bucket(value, depth)
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
		keys[i] = key
	}
	if err := ordered(keys, low, high); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// bucket checks the value that stands for a bucket: it names a root page, or holds
// a small leaf page itself.
func (v *verifier) bucket(value []byte, depth int) error {
	if len(value) < bucketHeader {
		return fmt.Errorf("bucket of %d bytes", len(value))
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return v.page(root, nil, nil, depth+1)
	}
	inline := page(value[bucketHeader:])
	if err := inline.whole(); err != nil {
		return err
	}
	if inline.flags() != leafFlag {
		return fmt.Errorf("inline bucket of type %#x", inline.flags())
	}
	keys := make([][]byte, inline.count())
	for i := range keys {
		key, _, isBucket, err := inline.entry(i)
		if err == nil && isBucket {
			err = errors.New("it holds another bucket")
		}
		if err != nil {
			return fmt.Errorf("inline bucket: %w", err)
		}
		keys[i] = key
	}
	if err := ordered(keys, nil, nil); err != nil {
		return fmt.Errorf("inline bucket: %w", err)
	}
	return nil
}

// read returns a page with its overflow and notes that it is in use.
func (v *verifier) read(id uint64) (page, error) {
	if id < 2 || id >= v.pages {
		return nil, fmt.Errorf("page %d is out of bounds", id)
	}
	p := make(page, v.pageSize)
	if _, err := v.file.ReadAt(p, int64(id)*int64(v.pageSize)); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := binary.NativeEndian.Uint64(p); got != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, got)
	}
	extent := uint64(p.overflow()) + 1
	if extent > v.pages-id {
		return nil, fmt.Errorf("page %d is out of bounds", id)
	}
	for i := id; i < id+extent; i++ {
		if v.seen[i/64]&(1<<(i%64)) != 0 {
			return nil, fmt.Errorf("page %d is used twice", i)
		}
		v.seen[i/64] |= 1 << (i % 64)
	}
	if extent > 1 {
		p = make(page, extent*uint64(v.pageSize))
		if _, err := v.file.ReadAt(p, int64(id)*int64(v.pageSize)); err != nil {
			return nil, fmt.Errorf("page %d: %w", id, err)
		}
	}
	if err := p.whole(); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return p, nil
}

// ordered checks that keys ascend, from low on and below high.
func ordered(keys [][]byte, low, high []byte) error {
	for i, key := range keys {
		if i == 0 && bytes.Compare(key, low) < 0 || i > 0 && bytes.Compare(key, keys[i-1]) <= 0 {
			return fmt.Errorf("key %d is out of order", i)
		}
	}
	if n := len(keys); n > 0 && high != nil && bytes.Compare(keys[n-1], high) >= 0 {
		return errors.New("the last key is out of order")
	}
	return nil
}

// page is the bytes of one page.
type page []byte

func (p page) flags() uint16    { return binary.NativeEndian.Uint16(p[8:]) }
func (p page) count() int       { return int(binary.NativeEndian.Uint16(p[10:])) }
func (p page) overflow() uint32 { return binary.NativeEndian.Uint32(p[12:]) }

// whole reports whether the page holds its header and all its elements.
func (p page) whole() error {
	if len(p) < pageHeader || len(p) < pageHeader+p.count()*elementSize {
		return errors.New("it is too short for what it says it holds")
	}
	return nil
}

func (p page) element(i int) []byte { return p[pageHeader+i*elementSize:] }

func (p page) child(i int) uint64 { return binary.NativeEndian.Uint64(p.element(i)[8:]) }

func (p page) branchKey(i int) ([]byte, error) {
	e := p.element(i)
	return slice(e, field(e, 0), field(e, 4))
}

func (p page) entry(i int) (key, value []byte, isBucket bool, err error) {
	e := p.element(i)
	pos, ksize, vsize := field(e, 4), field(e, 8), field(e, 12)
	if key, err = slice(e, pos, ksize); err != nil {
		return nil, nil, false, err
	}
	value, err = slice(e, pos+ksize, vsize)
	return key, value, field(e, 0)&bucketFlag != 0, err
}

func field(e []byte, at int) uint64 { return uint64(binary.NativeEndian.Uint32(e[at:])) }

func slice(e []byte, from, size uint64) ([]byte, error) {
	if from > uint64(len(e)) || size > uint64(len(e))-from {
		return nil, errors.New("an entry reaches beyond its page")
	}
	return e[from : from+size], nil
}
