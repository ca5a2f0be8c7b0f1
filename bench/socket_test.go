// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestSockets: what is measured is what happens. Each message comes back, and a side that
// does not take WebSockets is an error, not a figure.
func TestSockets(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(server.Close)
	side := &target{address: server.Listener.Addr().String(), host: "app.localhost"}
	sockets, err := openSockets(t.Context(), side, []string{"a=b"}, 20)
	defer closeAll(sockets)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sockets {
		if err := s.ping(); err != nil {
			t.Fatal(err)
		}
	}
	if rate, err := talk(sockets, 4, 50*time.Millisecond); rate <= 0 || err != nil {
		t.Errorf("%f messages per second, %v", rate, err)
	}
	dumb := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(dumb.Close)
	side.address = dumb.Listener.Addr().String()
	if sockets, err := openSockets(t.Context(), side, []string{"a=b"}, 2); err == nil {
		closeAll(sockets)
		t.Error("opened where there are none")
	}
}
