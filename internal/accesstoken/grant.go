// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package accesstoken

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Kind is the kind of grants in the store.
const Kind store.Kind = "access-token"

// clockSlack is how far ahead of the clock a grant may have been made. One from the
// future was made when the clock was wrong, and would outlive its time.
const clockSlack = 5 * time.Minute

// Grant is what a token opens, as its person has made it. It never changes.
type Grant struct {
	// ID names the grant in lists and logs, and proves nothing.
	ID store.ID
	// UserID is the ID of the person.
	UserID string
	// Name is what the person calls it.
	Name string
	// Apps are the names of the apps that it is for.
	Apps []string
	// Created is when it was made, Expires when it is worth nothing any more.
	Created, Expires time.Time
	// Used is when it was used last, zero for never. It may be half a minute behind, and
	// in a crash what is not stored yet is lost.
	Used time.Time

	hashes [][32]byte
}

// payload is what the sealed part of a record holds.
type payload struct {
	Name string   `json:"name"`
	Apps []string `json:"apps"`
}

// IsFor reports whether the grant is for the app.
func (g *Grant) IsFor(app string) bool { return slices.Contains(g.Apps, app) }

// opens compares in constant time.
func (g *Grant) opens(t Token) bool {
	hash := sha256.Sum256(t.Secret[:])
	found := 0
	for i := range g.hashes {
		found |= subtle.ConstantTimeCompare(hash[:], g.hashes[i][:])
	}
	return found == 1
}

// over reports whether the grant is worth nothing at now.
func (g *Grant) over(now time.Time) bool {
	return !now.Before(g.Expires) || g.Created.Sub(now) > clockSlack
}

func decode(r *store.Record) (*Grant, error) {
	var p payload
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return nil, fmt.Errorf("access token %s: %w: %w", r.ID, store.ErrCorrupt, err)
	}
	g := &Grant{ID: r.ID, UserID: r.Owner, Name: p.Name, Apps: p.Apps, Created: r.Created, Expires: r.Expires}
	if r.Seen.After(r.Created) {
		g.Used = r.Seen
	}
	for _, s := range r.Secrets {
		g.hashes = append(g.hashes, s.Hash)
	}
	return g, nil
}

// record is the opposite of decode, for a grant that is new.
func (g *Grant) record(t Token) (store.Record, error) {
	data, err := json.Marshal(payload{Name: g.Name, Apps: g.Apps})
	if err != nil {
		return store.Record{}, fmt.Errorf("access token %s: %w", g.ID, err)
	}
	return store.Record{
		Kind:    Kind,
		ID:      g.ID,
		Owner:   g.UserID,
		Secrets: []store.Secret{{Hash: sha256.Sum256(t.Secret[:]), Since: g.Created}},
		Payload: data,
		Created: g.Created,
		Expires: g.Expires,
		Seen:    g.Created,
	}, nil
}
