// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

// view is one state of the ring, prepared for readers. It is never changed.
type view struct {
	keys    families       // what signs
	byKID   map[string]key // what verifies
	infos   []KeyInfo
	jwks    []byte
	ensured []Algorithm
}

// newView prepares a state of the ring. It keeps keys, which the caller gives away.
func newView(keys families, ensured []Algorithm, schedule Schedule) (*view, error) {
	all := keys.all()
	jwks, err := publish(all)
	if err != nil {
		return nil, err
	}
	v := &view{keys: keys, byKID: make(map[string]key, len(all)), jwks: jwks, ensured: ensured}
	for _, k := range all {
		v.byKID[k.id] = k
		v.infos = append(v.infos, k.info(schedule))
	}
	return v, nil
}
