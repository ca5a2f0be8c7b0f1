// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// TestPlaceholdersOfNobody: a header made from a placeholder must not name a user
// where nobody is signed in, neither one that another handler has set nor the text
// of the placeholder itself.
func TestPlaceholdersOfNobody(t *testing.T) {
	for _, test := range []struct {
		user *identity.User
		want string
	}{
		{nil, "[][][]"},
		{&identity.User{ID: "local:1", Name: "anna", Groups: []string{"a", "b"}}, "[anna][local:1][a,b]"},
	} {
		repl := caddy.NewReplacer()
		repl.Set("http.auth.user.id", "somebody else")
		r, err := http.NewRequestWithContext(context.WithValue(t.Context(), caddy.ReplacerCtxKey, repl), http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		placeholders(r, test.user)
		got := repl.ReplaceKnown("[{http.auth.user.id}][{http.auth.user.sub}][{http.auth.user.groups}]", "")
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
