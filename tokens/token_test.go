// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokens_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/tokens"
)

func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// move takes a file away, and returns what brings it back.
func move(t *testing.T, path string) (back func()) {
	t.Helper()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
	}
}

// Any bytes are a token that nobody has; a token with a single sign changed is another
// one, and each has one text.
func FuzzToken(f *testing.F) {
	engine, _ := newEngine()
	space := newSpace(f, engine, "shop", tokens.Limits{})
	token := create(f, space, "", tokens.Value{Data: []byte("x")})
	f.Add(token, 0, byte('A'))
	f.Add("", 0, byte(0))
	f.Add(strings.Repeat("\n", tokens.Length), 3, byte(0xff))
	f.Add(token[:tokens.Length-1]+"\n", 45, byte('\n'))
	f.Fuzz(func(t *testing.T, text string, at int, sign byte) {
		if at >= 0 && at < len(token) {
			changed := token[:at] + string(sign) + token[at+1:]
			if _, err := space.Read(t.Context(), changed); (err == nil) != (changed == token) {
				t.Errorf("%q is read: %v", changed, err)
			}
		}
		if text == token {
			return
		}
		if _, err := space.Read(t.Context(), text); !errors.Is(err, tokens.ErrNone) {
			t.Errorf("%q: %v", text, err)
		}
		id, err := tokens.ID(text)
		if err == nil && id.String() != text[:len(id.String())] {
			t.Errorf("%q has the ID %s", text, id)
		}
	})
}
