// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

// nameSet is a set of header names, compared as the most generous app compares
// them: without case, and with everything that is neither letter nor digit for the
// same character. CGI and with it PHP turn `-` into `_`, PHP turns `.` and space
// into it as well, and old Apache every other character (oauth2-proxy
// CVE-2025-64484, Caddy GHSA-49wc-4hcv-v58q).
//
// Nearly every header of nearly every request is not in the set, so has must say
// no fast: it looks at length, first and last character before it compares.
type nameSet struct {
	byLength [][]string // folded
	first    []uint32   // for each length a bit for each first character, see bit
	last     []uint32
}

func newNameSet(names []string) nameSet {
	var s nameSet
	for _, name := range names {
		s.add(name)
	}
	return s
}

func (s *nameSet) add(name string) {
	n := len(name)
	if n == 0 || s.has(name) {
		return
	}
	for len(s.byLength) <= n {
		s.byLength = append(s.byLength, nil)
		s.first = append(s.first, 0)
		s.last = append(s.last, 0)
	}
	folded := make([]byte, n)
	for i := range n {
		folded[i] = fold(name[i])
	}
	s.byLength[n] = append(s.byLength[n], string(folded))
	s.first[n] |= bits(folded[0])
	s.last[n] |= bits(folded[n-1])
}

// has reports whether name is in the set. It does not allocate.
func (s *nameSet) has(name string) bool {
	n := len(name)
	if n == 0 || n >= len(s.byLength) || s.first[n]&bit(name[0]) == 0 || s.last[n]&bit(name[n-1]) == 0 {
		return false
	}
	for _, other := range s.byLength[n] {
		if foldsTo(name, other) {
			return true
		}
	}
	return false
}

// bit is what the quick look keeps of a character: the same for both cases of a letter.
func bit(c byte) uint32 { return 1 << (c & 31) }

// bits are the bits of all characters that fold to c.
func bits(c byte) uint32 {
	if c == '-' {
		return ^uint32(0)
	}
	return bit(c)
}

// foldsTo reports whether name is folded, once folded.
func foldsTo(name, folded string) bool {
	if len(name) != len(folded) {
		return false
	}
	for i := range len(name) {
		if name[i] != folded[i] && fold(name[i]) != folded[i] {
			return false
		}
	}
	return true
}

func fold(c byte) byte {
	switch {
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return c
	case 'A' <= c && c <= 'Z':
		return c | 0x20
	}
	return '-'
}

// families are sets of header names that begin alike, folded as in nameSet, by the first
// letter: nearly every header begins with none of them.
type families [32][]string

func newFamilies(beginnings []string) *families {
	var f families
	for _, b := range beginnings {
		f[b[0]&31] = append(f[b[0]&31], b)
	}
	return &f
}

// has reports whether name belongs to one of the families. It does not allocate.
func (f *families) has(name string) bool {
	if name == "" {
		return false
	}
	for _, beginning := range f[name[0]&31] {
		if len(name) >= len(beginning) && foldsTo(name[:len(beginning)], beginning) {
			return true
		}
	}
	return false
}
