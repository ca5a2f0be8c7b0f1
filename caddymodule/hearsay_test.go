// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"net/http"
	"testing"
)

// A flood of made-up headers from the Internet does not hide the load balancer that
// was forgotten, and takes no more memory than one address.
func TestHearsayKeepsTheNeighbour(t *testing.T) {
	var h hearsay
	for _, step := range []struct{ peer, header, want string }{
		{"203.0.113.5:1", "Via", ""},
		{"@", "Forwarded", ""},
		{"203.0.113.5:1", "Forwarded", "203.0.113.5"},
		{"203.0.113.6:1", "X-Forwarded-For", "203.0.113.6"},
		{"[::ffff:10.0.0.5]:1", "X-Forwarded-For", "10.0.0.5"},
		{"203.0.113.7:1", "X-Forwarded-For", "10.0.0.5"},
		{"10.0.0.6:1", "X-Forwarded-For", "10.0.0.6"},
	} {
		h.note(&http.Request{RemoteAddr: step.peer, Header: http.Header{step.header: {"x"}}})
		if got := h.told(); got != step.want {
			t.Errorf("after %s from %s: %q, want %q", step.header, step.peer, got, step.want)
		}
	}
}
