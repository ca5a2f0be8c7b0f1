// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

func init() { caddy.RegisterModule(new(eavesdropper)) }

// eavesdropper is somebody else's module that acts on events: it tells an address.
type eavesdropper struct {
	To string `json:"to"`
}

func (*eavesdropper) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.eavesdropper", New: func() caddy.Module { return new(eavesdropper) }}
}

func (e *eavesdropper) Handle(ctx context.Context, event caddy.Event) error {
	body, err := json.Marshal(heard{Name: event.Name(), Data: event.Data})
	if err != nil {
		return err
	}
	answer, err := http.Post(e.To, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// heard is an event as the eavesdropper tells it.
type heard struct {
	Name string
	Data map[string]any
}

// A sign-in and a sign-out are events of Caddy, with the person, the session and the
// address, so that modules of others can act on them.
func TestSignInAndSignOutAreEvents(t *testing.T) {
	told := make(chan heard, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var h heard
		if err := json.NewDecoder(r.Body).Decode(&h); err != nil {
			t.Error(err)
		}
		told <- h
	}))
	defer server.Close()
	g := serve(t)
	g.add()
	c := config(t, gateway(g.port, "store bbolt "+g.file, ""))
	c.Admin.Disabled, c.Admin.Listen = false, fmt.Sprintf("127.0.0.1:%d", g.desk)
	c.AppsRaw["events"] = caddyconfig.JSON(map[string]any{"subscriptions": []any{map[string]any{
		"events":   []string{"gatehouse.login", "gatehouse.logout"},
		"handlers": []any{map[string]any{"handler": "eavesdropper", "to": server.URL}},
	}}}, nil)
	if err := caddy.Run(c); err != nil {
		t.Fatal(err)
	}

	// Each is waited for before the next can happen: nothing says that they come in order.
	hear := func(name, session string) {
		t.Helper()
		select {
		case h := <-told:
			if h.Name != name || h.Data["user"] != "anna" || h.Data["session"] != session || h.Data["address"] != "127.0.0.1" {
				t.Errorf("heard %+v, want %s of anna's session %s", h, name, session)
			}
		case <-time.After(time.Minute):
			t.Fatalf("nothing heard of %s", name)
		}
	}
	b := g.browser()
	g.signIn(b, "correct horse battery")
	var list []struct{ ID string }
	g.do("GET", "sessions", "", &list)
	if len(list) != 1 {
		t.Fatalf("%d sessions, want 1", len(list))
	}
	hear("gatehouse.login", list[0].ID)
	g.signOut(b, "login", "/logout")
	hear("gatehouse.logout", list[0].ID)
}
