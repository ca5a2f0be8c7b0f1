// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestAccessLog: Caddy's own log names who has sent a request, also one that the gate
// has denied, and nobody where nobody is signed in.
func TestAccessLog(t *testing.T) {
	a := newApp(t)
	g := start(t, twoApps.with("WIKI", a.address, "TICKETS", a.address))
	b := g.browser(t)
	b.open(wiki + "/public/page")
	b.arrive(g.person(t, "ada"), wiki+"/page")
	if end := b.open(tickets + "/denied").end(); end.status != http.StatusForbidden {
		t.Fatalf("somebody who is not staff got %d", end.status)
	}
	for _, want := range []struct {
		address string
		status  float64
		user    string
	}{
		{wiki + "/public/page", http.StatusOK, ""},
		{wiki + "/page", http.StatusOK, "ada"},
		{tickets + "/denied", http.StatusForbidden, "ada"},
	} {
		g.eventually("a line about "+want.address, func() bool {
			return g.log.names(want.address, want.status, want.user)
		})
	}
}

// names reports whether the access log has a request with this outcome under this name.
func (l *logbook) names(address string, status float64, user string) bool {
	host, path, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
	for _, line := range l.lines("http.log.access") {
		request, ok := line["request"].(map[string]any)
		if !ok || request["uri"] != "/"+path || !strings.HasPrefix(request["host"].(string), host) {
			continue
		}
		if line["status"] == status && line["user_id"] == user {
			return true
		}
	}
	return false
}
