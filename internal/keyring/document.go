// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Document is the name of the store's document in which the ring lives.
const Document = "keyring"

// format is the version of the document's form.
const format = 1

// family is the keys of one algorithm. Current and next always exist, so that
// a rotation by hand never has to wait for a key to be published.
type family struct {
	Current key   `json:"current"`
	Next    key   `json:"next"`
	Retired []key `json:"retired,omitempty"`
}

// families is all that the document holds.
type families map[Algorithm]*family

// all returns every key, in the order in which it is shown.
func (f families) all() []key {
	var keys []key
	for _, alg := range keyed() {
		if family := f[alg]; family != nil {
			keys = append(append(keys, family.Current, family.Next), family.Retired...)
		}
	}
	return keys
}

// encode writes the document, private keys included.
func (f families) encode() ([]byte, error) {
	return json.Marshal(struct {
		Format     int      `json:"format"`
		Algorithms families `json:"algorithms"`
	}{format, f})
}

// decode reads what encode wrote. Anything else is an error that wraps
// store.ErrCorrupt: signing with half a ring would be worse than not signing.
func decode(data []byte) (families, error) {
	var document struct {
		Format     int                         `json:"format"`
		Algorithms map[Algorithm]*storedFamily `json:"algorithms"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, damaged("it is not the JSON that was written") // the cause could quote a key
	}
	if document.Format != format {
		return nil, damaged(fmt.Sprintf("format %d is unknown here, want %d", document.Format, format))
	}
	keys := make(families, len(document.Algorithms))
	for alg, stored := range document.Algorithms {
		family, err := stored.restore(alg)
		if err != nil {
			return nil, damaged(fmt.Sprintf("%s: %v", alg, err))
		}
		keys[alg] = family
	}
	seen := make(map[string]bool)
	for _, k := range keys.all() {
		if seen[k.id] {
			return nil, damaged("one key stands in two places")
		}
		seen[k.id] = true
	}
	return keys, nil
}

// damaged returns the error for a document that cannot be used.
func damaged(why string) error {
	return fmt.Errorf("key ring: %w: %s; nothing is signed until a backup is restored (caddy gatehouse restore)", store.ErrCorrupt, why)
}

// storedFamily is how a family is written in the document.
type storedFamily struct {
	Current *storedKey   `json:"current"`
	Next    *storedKey   `json:"next"`
	Retired []*storedKey `json:"retired"`
}

// restore returns the family that was stored for alg.
func (s *storedFamily) restore(alg Algorithm) (*family, error) {
	if s == nil || !alg.keyed() {
		return nil, errors.New("no keys of this algorithm belong here")
	}
	current, err := s.Current.restore(alg, Current)
	if err != nil {
		return nil, err
	}
	next, err := s.Next.restore(alg, Next)
	if err != nil {
		return nil, err
	}
	restored := &family{Current: current, Next: next}
	for _, stored := range s.Retired {
		old, err := stored.restore(alg, Retired)
		if err != nil {
			return nil, err
		}
		restored.Retired = append(restored.Retired, old)
	}
	return restored, nil
}
