// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package store_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/store"
)

// IDs sort by time, tell it, and are never the same twice.
func TestIDsAreOrdered(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_999_999, time.UTC)
	last := store.NewID(at)
	if got, want := last.Time(), at.Truncate(time.Millisecond); !got.Equal(want) {
		t.Errorf("time: got %v, want %v", got, want)
	}
	if last == store.NewID(at) {
		t.Error("two IDs of one moment are the same")
	}
	for range 1000 {
		at = at.Add(time.Hour)
		id := store.NewID(at)
		if bytes.Compare(id[:], last[:]) <= 0 {
			t.Fatalf("%v of %v does not come after %v", id, at, last)
		}
		last = id
	}
}

// One ID has one text: whatever else is read is refused, so that a token cannot
// be written in two ways.
func FuzzParseID(f *testing.F) {
	f.Add(store.NewID(time.Now()).String())
	f.Add(strings.Repeat("A", 21) + "B")
	f.Add(strings.Repeat("A", 20) + "\r\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := store.ParseID(text)
		if err != nil {
			if !id.IsZero() {
				t.Error("an ID beside an error")
			}
			return
		}
		if id.String() != text {
			t.Errorf("%q was read as %q", text, id)
		}
		data, err := json.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		var again store.ID
		if err := json.Unmarshal(data, &again); err != nil || again != id {
			t.Errorf("through JSON: %v, %v", again, err)
		}
	})
}
