// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Kind is the kind of the queue's records in the store. They have no owner, whose ID
// would stand in the file unsealed, longer than the person who was erased; and no end of
// their own, so that none goes unnoticed when nobody was there to send it for a long time.
const Kind store.Kind = "backchannel"

// message is what one app is to be told of one session.
type message struct {
	ID store.ID

	content
}

// content is what the sealed part of a record holds. It has no address: who can
// write to the store's file chooses nobody to call.
type content struct {
	App string `json:"app"`
	// User is the ID of the person.
	User    string   `json:"user"`
	Session store.ID `json:"session"`
	// Attempts is how often somebody has begun to send it, and Due when the next
	// one may, in milliseconds: until then it belongs to whoever began last.
	Attempts int   `json:"attempts,omitempty"`
	Due      int64 `json:"due,omitempty"`
}

// newMessage returns a message of an end at now.
func newMessage(app string, ended *session.Session, now time.Time) message {
	return message{ID: store.NewID(now), content: content{App: app, User: ended.UserID, Session: ended.ID}}
}

// decode reads a message from its record.
func decode(r store.Record) (message, error) {
	m := message{ID: r.ID}
	if err := json.Unmarshal(r.Payload, &m.content); err != nil {
		return m, fmt.Errorf("%s %s: %w: %w", Kind, r.ID, store.ErrCorrupt, err)
	}
	m.User = cmp.Or(m.User, r.Owner) // where earlier versions kept it
	return m, nil
}

// record is the opposite of decode, for a record that is stored at this version.
func (m message) record(version uint64) (store.Record, error) {
	data, err := json.Marshal(m.content)
	if err != nil {
		return store.Record{}, fmt.Errorf("%s %s: %w", Kind, m.ID, err)
	}
	return store.Record{Kind: Kind, ID: m.ID, Payload: data, Created: m.ID.Time(), Version: version}, nil
}
