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
	Address string `json:"address"`
	// ContentType, Origin and Referer are what the headers of these names said, or
	// empty.
	ContentType string `json:"content_type"`
	Origin      string `json:"origin,omitempty"`
	Referer     string `json:"referer,omitempty"`
	// Body is the body, byte for byte.
	Body []byte `json:"body"`
	// Sent is when the form came. Keeper sets it.
	Sent time.Time `json:"-"`
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

func decode(r *store.Record) (Form, error) {
	f := Form{Sent: r.Created}
	if err := json.Unmarshal(r.Payload, &f); err != nil {
		return Form{}, fmt.Errorf("kept form %s: %w: %w", r.ID, store.ErrCorrupt, err)
	}
	return f, nil
}
