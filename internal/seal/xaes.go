// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"sync/atomic"
)

// A sealed message is a version byte, a random nonce of 24 bytes, and the
// ciphertext with its tag.
//
// The algorithm is XAES-256-GCM (C2SP, c2sp.org/XAES-256-GCM): AES-256-GCM under a
// key derived from the first half of the nonce. With plain AES-GCM and its nonces
// of 12 bytes a key that seals a few thousand records a second would have to be
// changed within weeks: NIST SP 800-38D, 8.3, ends at 2^32 random nonces.
const (
	sealVersion = 1
	nonceSize   = 24
	halfSize    = nonceSize / 2
	tagSize     = 16
)

// seriesLength is how many messages are sealed with one first half of the nonce, whose
// derived key is dearer than the sealing. Their second halves are random, so that of
// all of a series two are the same with a probability of 2^-57.
const seriesLength = 1 << 20

// sealer is the sealing half of a key.
type sealer struct {
	block  cipher.Block
	subkey [aes.BlockSize]byte // K1 of CMAC (NIST SP 800-38B)

	sealing atomic.Pointer[series]
	opening [64]atomic.Pointer[series] // those met lately, each where the first byte of its half says
}

// series is what messages have in common whose nonces begin with the same half.
type series struct {
	half [halfSize]byte
	aead cipher.AEAD
	left atomic.Int64 // how many may still be sealed
}

func newSealer(key [KeySize]byte) *sealer {
	s := &sealer{block: mustAES(key[:])}
	s.block.Encrypt(s.subkey[:], s.subkey[:])
	var carry byte
	for i := len(s.subkey) - 1; i >= 0; i-- {
		carry, s.subkey[i] = s.subkey[i]>>7, s.subkey[i]<<1|carry
	}
	s.subkey[len(s.subkey)-1] ^= carry * 0x87
	return s
}

func mustAES(key []byte) cipher.Block {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("seal: " + err.Error()) // only for keys of another length
	}
	return block
}

// series returns the one whose nonces begin with half.
func (s *sealer) series(half [halfSize]byte) *series {
	var key [KeySize]byte
	for i := range 2 {
		m := key[i*aes.BlockSize : (i+1)*aes.BlockSize]
		m[1], m[2] = byte(i+1), 'X'
		copy(m[4:], half[:])
		subtle.XORBytes(m, m, s.subkey[:])
		s.block.Encrypt(m, m)
	}
	aead, err := cipher.NewGCM(mustAES(key[:]))
	if err != nil {
		panic("seal: " + err.Error()) // only for ciphers of another block size
	}
	return &series{half: half, aead: aead}
}

// next returns the series of the next message to be sealed.
func (s *sealer) next() *series {
	if current := s.sealing.Load(); current != nil && current.left.Add(-1) >= 0 {
		return current
	}
	var half [halfSize]byte
	rand.Read(half[:]) // never fails (crypto/rand, since Go 1.24)
	next := s.series(half)
	next.left.Store(seriesLength - 1)
	s.sealing.Store(next) // when two come at once, each begins one
	return next
}

// find returns the series of a message to be opened.
func (s *sealer) find(half [halfSize]byte) *series {
	if current := s.sealing.Load(); current != nil && current.half == half {
		return current
	}
	place := &s.opening[int(half[0])%len(s.opening)]
	if known := place.Load(); known != nil && known.half == half {
		return known
	}
	found := s.series(half)
	place.Store(found)
	return found
}

func (s *sealer) seal(plain, ad []byte) []byte {
	sealed := make([]byte, 1+nonceSize, 1+nonceSize+len(plain)+tagSize)
	sealed[0] = sealVersion
	nonce := sealed[1:]
	series := s.next()
	copy(nonce, series.half[:])
	rand.Read(nonce[halfSize:])
	return series.aead.Seal(sealed, nonce[halfSize:], plain, ad)
}

func (s *sealer) open(sealed, ad []byte) ([]byte, error) {
	if len(sealed) < 1+nonceSize+tagSize || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	nonce, text := sealed[1:1+nonceSize], sealed[1+nonceSize:]
	plain, err := s.find([halfSize]byte(nonce)).aead.Open(nil, nonce[halfSize:], text, ad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
