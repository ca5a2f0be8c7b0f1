// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
)

// What a client can bring about is bounded in number and in length, and the last is
// found (threat 37).
func TestRefusalsAreBounded(t *testing.T) {
	var r audit.Refusals
	for i := range 3 * audit.MaxRefusals {
		r.Record(audit.Event{Kind: audit.Denied, Request: fmt.Sprint("r-", i), User: strings.Repeat("x", 1<<10), Reason: "no\nlogin user=admin"})
		got, found := r.Find(fmt.Sprint("r-", i))
		if !found || len(got.User) > 300 || strings.Contains(got.Reason, "\n") {
			t.Fatalf("%d: %v, %d bytes of a name, %q", i, found, len(got.User), got.Reason)
		}
		if _, found := r.Find(fmt.Sprint("r-", i-audit.MaxRefusals)); found {
			t.Fatalf("%d is still there", i-audit.MaxRefusals)
		}
		if _, found := r.Find(fmt.Sprint("r-", i-audit.MaxRefusals+1)); !found && i >= audit.MaxRefusals {
			t.Fatalf("%d has gone too early", i-audit.MaxRefusals+1)
		}
	}
}

// Only what was refused is kept, and only what can be asked for.
func TestRefusalsKeepRefusals(t *testing.T) {
	var r audit.Refusals
	r.Record(audit.Event{Kind: audit.Login, Request: "a"})
	r.Record(audit.Event{Kind: audit.Denied})
	r.Record(audit.Event{Kind: audit.Failure, Request: "b", Address: netip.MustParseAddr("192.0.2.1")})
	for request, want := range map[string]bool{"a": false, "": false, "b": true} {
		if got, found := r.Find(request); found != want || found && got.Address != "192.0.2.1" {
			t.Errorf("%q: %+v, %v", request, got, found)
		}
	}
}
