// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/store"
)

// The documents of this package: an account by its ID, and the claim on a name,
// whose data is the ID.
const (
	accountPrefix = "user/"
	claimPrefix   = "username/"
)

// account is what is kept of a user. Nothing is left of a removed one but that
// they were: the claim keeps the name, blinded, and the document's name the ID. Of an
// erased one only the claim is left.
//
// Its fields are exported since fmt asks only those how they want to be printed.
type account struct {
	ID       string
	Version  uint64
	Name     string
	FullName string
	Email    string
	Groups   []string
	// Attributes are never written to: a change makes new ones.
	Attributes map[string]string
	Password   hash
	Disabled   bool
	Removed    bool
}

// An ID is this prefix and 128 random bits.
const (
	idPrefix = Source + ":"
	idBytes  = 16
)

// newID returns an ID which nobody has had or will have.
func newID() string {
	return idPrefix + base64.RawURLEncoding.EncodeToString(random(idBytes))
}

// isID reports whether an ID can be one of this source's.
func isID(id string) bool {
	text, found := strings.CutPrefix(id, idPrefix)
	return found && len(text) == base64.RawURLEncoding.EncodedLen(idBytes)
}

// UserOf returns the ID of the user whose account is kept in the document with
// this name, so that whoever keeps users in memory learns of a change.
func UserOf(document string) (id string, ok bool) {
	id, found := strings.CutPrefix(document, accountPrefix)
	if !found || !isID(id) {
		return "", false
	}
	return id, true
}

func (a *account) user() *identity.User {
	return &identity.User{
		ID: a.ID, Source: Source, Name: a.Name,
		FullName: a.FullName, Email: a.Email, Groups: slices.Clone(a.Groups), Attributes: maps.Clone(a.Attributes),
		Disabled: a.Disabled, Version: a.Version,
	}
}

// stored is the form of an account in the store.
type stored struct {
	Name       string            `json:"name,omitempty"`
	FullName   string            `json:"full_name,omitempty"`
	Email      string            `json:"email,omitempty"`
	Groups     []string          `json:"groups,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Password   string            `json:"password,omitempty"`
	Disabled   bool              `json:"disabled,omitempty"`
	Removed    bool              `json:"removed,omitempty"`
}

// put returns the change which stores the account, provided that nobody else
// has changed it since it was read.
func (a *account) put() store.PutDocument {
	data, _ := json.Marshal(stored{ // strings and booleans always have a JSON form
		Name: a.Name, FullName: a.FullName, Email: a.Email, Groups: a.Groups, Attributes: a.Attributes,
		Password: a.Password.text(), Disabled: a.Disabled, Removed: a.Removed,
	})
	return store.PutDocument{Document: store.Document{Name: accountPrefix + a.ID, Data: data, Version: a.Version}}
}

// parse reads a stored account. Its errors show nothing of the data, which
// holds a hash.
func parse(d store.Document) (*account, error) {
	var s stored
	if json.Unmarshal(d.Data, &s) != nil {
		return nil, fmt.Errorf("%w: document %q is no account", store.ErrCorrupt, d.Name)
	}
	password, err := parseHash(s.Password)
	if err != nil {
		return nil, fmt.Errorf("%w: document %q: %w", store.ErrCorrupt, d.Name, err)
	}
	return &account{
		ID: strings.TrimPrefix(d.Name, accountPrefix), Version: d.Version,
		Name: s.Name, FullName: s.FullName, Email: s.Email, Groups: s.Groups, Attributes: s.Attributes,
		Password: password, Disabled: s.Disabled, Removed: s.Removed,
	}, nil
}
