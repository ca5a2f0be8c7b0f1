// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package resend

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Form is a form as the browser has sent it.
type Form struct {
	// Address is the absolute URL that it was sent to, as the browser wrote it.
	Address string
	// ContentType, Origin and Referer are what the headers of these names said, or
	// empty.
	ContentType string
	Origin      string
	Referer     string
	// Body is the body, byte for byte.
	Body []byte
	// Sent is when the form came. Keeper sets it.
	Sent time.Time
}

// payload is what the sealed part of a record holds. All of it are bytes, since a
// header need not be UTF-8 and JSON would change what is not.
type payload struct {
	Address     []byte `json:"address"`
	ContentType []byte `json:"content_type"`
	Origin      []byte `json:"origin,omitempty"`
	Referer     []byte `json:"referer,omitempty"`
	Body        []byte `json:"body"`
}

// String names the form without what is in it.
func (f Form) String() string { return fmt.Sprintf("form of %d bytes", len(f.Body)) }

// GoString hides what is in the form from %#v.
func (f Form) GoString() string { return f.String() }

// headSize is how much of a form is not its body, in bytes.
func (f *Form) headSize() int64 {
	return int64(len(f.Address) + len(f.ContentType) + len(f.Origin) + len(f.Referer))
}

// isFor reports whether an address is the form's own. Signs that are written as they
// are in one and escaped in the other make no difference, since browsers and
// templates do not agree on all of them.
func (f *Form) isFor(address string) bool {
	a, err := url.Parse(f.Address)
	if err != nil {
		return false
	}
	b, err := url.Parse(address)
	return err == nil && a.Scheme == b.Scheme && a.Host == b.Host && a.Path == b.Path &&
		unescaped(a.RawQuery) == unescaped(b.RawQuery)
}

func unescaped(query string) string {
	if plain, err := url.PathUnescape(query); err == nil {
		return plain
	}
	return query
}

func (f *Form) encode() ([]byte, error) {
	return json.Marshal(payload{[]byte(f.Address), []byte(f.ContentType), []byte(f.Origin), []byte(f.Referer), f.Body})
}

// decode is the opposite of encode.
func decode(r *store.Record) (Form, error) {
	var p payload
	if err := json.Unmarshal(r.Payload, &p); err != nil {
		return Form{}, fmt.Errorf("kept form %s: %w: %w", r.ID, store.ErrCorrupt, err)
	}
	return Form{string(p.Address), string(p.ContentType), string(p.Origin), string(p.Referer), p.Body, r.Created}, nil
}
