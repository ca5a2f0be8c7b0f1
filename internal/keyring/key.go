// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"
)

// key is one key pair with its dates. It is never changed, only replaced.
type key struct {
	id      string // RFC 7638 thumbprint, so that one key has one name everywhere
	alg     Algorithm
	private crypto.Signer
	created time.Time // when it came into the JWKS
	since   time.Time // when it began to sign; zero for a next key
	retired time.Time // when it stopped signing; zero before
}

// newKey generates a key that is published at now and does not sign yet.
func newKey(alg Algorithm, now time.Time) (key, error) {
	private, err := alg.generate()
	if err != nil {
		return key{}, fmt.Errorf("generate a key for %s: %w", alg, err)
	}
	id, err := thumbprint(private.Public())
	if err != nil {
		return key{}, err
	}
	return key{id: id, alg: alg, private: private, created: now}, nil
}

// state returns what the key's dates say it is.
func (k key) state() State {
	switch {
	case !k.retired.IsZero():
		return Retired
	case !k.since.IsZero():
		return Current
	}
	return Next
}

// leaves returns when a retired key leaves the JWKS, zero for any other.
func (k key) leaves(schedule Schedule) time.Time {
	if k.retired.IsZero() {
		return time.Time{}
	}
	return k.retired.Add(schedule.Retire)
}

// storedKey is how a key is written in the document.
type storedKey struct {
	KID     string    `json:"kid"`
	PKCS8   []byte    `json:"pkcs8"`
	Created time.Time `json:"created"`
	Since   time.Time `json:"since,omitzero"`
	Retired time.Time `json:"retired,omitzero"`
}

// MarshalJSON writes the key with its private part: for the document only.
func (k key) MarshalJSON() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, err
	}
	return json.Marshal(storedKey{KID: k.id, PKCS8: der, Created: k.created, Since: k.since, Retired: k.retired})
}

// restore returns the key that was stored for alg where keys of that state are. A key that is not exactly
// what its entry says is refused: it must never sign under another's name.
func (s *storedKey) restore(alg Algorithm, state State) (key, error) {
	if s == nil {
		return key{}, fmt.Errorf("the %s key is missing", state)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(s.PKCS8)
	if err != nil {
		return key{}, fmt.Errorf("the private key of the %s key does not parse", state) // the cause could quote the key
	}
	private, ok := parsed.(crypto.Signer)
	if !ok || !alg.fits(private) {
		return key{}, fmt.Errorf("the private key of the %s key is of another algorithm", state)
	}
	id, err := thumbprint(private.Public())
	if err != nil {
		return key{}, err
	}
	if id != s.KID {
		return key{}, fmt.Errorf("the %s key and its kid do not belong together", state)
	}
	restored := key{id: id, alg: alg, private: private, created: s.Created, since: s.Since, retired: s.Retired}
	if restored.created.IsZero() || restored.state() != state {
		return key{}, fmt.Errorf("the dates of the %s key are not those of one", state)
	}
	return restored, nil
}
