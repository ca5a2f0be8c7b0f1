// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
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
	tagSize     = 16
)

// sealer is the sealing half of a key.
type sealer struct {
	block  cipher.Block
	subkey [aes.BlockSize]byte // K1 of CMAC (NIST SP 800-38B)
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

// aead returns the cipher for messages whose nonce begins with these 12 bytes.
func (s *sealer) aead(half []byte) cipher.AEAD {
	var key [KeySize]byte
	for i := range 2 {
		m := key[i*aes.BlockSize : (i+1)*aes.BlockSize]
		m[1], m[2] = byte(i+1), 'X'
		copy(m[4:], half)
		subtle.XORBytes(m, m, s.subkey[:])
		s.block.Encrypt(m, m)
	}
	aead, err := cipher.NewGCM(mustAES(key[:]))
	if err != nil {
		panic("seal: " + err.Error()) // only for ciphers of another block size
	}
	return aead
}

func (s *sealer) seal(plain, ad []byte) []byte {
	sealed := make([]byte, 1+nonceSize, 1+nonceSize+len(plain)+tagSize)
	sealed[0] = sealVersion
	nonce := sealed[1:]
	rand.Read(nonce)
	return s.aead(nonce[:12]).Seal(sealed, nonce[12:], plain, ad)
}

func (s *sealer) open(sealed, ad []byte) ([]byte, error) {
	if len(sealed) < 1+nonceSize+tagSize || sealed[0] != sealVersion {
		return nil, ErrSealed
	}
	nonce, text := sealed[1:1+nonceSize], sealed[1+nonceSize:]
	plain, err := s.aead(nonce[:12]).Open(nil, nonce[12:], text, ad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
