// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"fmt"
	"net/http"
)

// portal looks at whether people reach the portal, and whether it is well.
func (e *examination) portal(ctx context.Context) []Finding {
	const check = "portal"
	if e.facts.Portal == "" {
		return nil // only the store is used
	}
	answer, err := e.world.Get(ctx, Question{URL: e.facts.Portal + "/healthz"})
	switch {
	case err != nil:
		return []Finding{fail(check, e.facts.Portal, fmt.Sprintf("cannot be reached from this machine: %v", err), notReached)}
	case answer.Status == http.StatusServiceUnavailable:
		return []Finding{fail(check, e.facts.Portal, "answers that it is not well", "see the lines store and keys, and Caddy's log")}
	case answer.Status != http.StatusOK:
		return []Finding{fail(check, e.facts.Portal, fmt.Sprintf("/healthz is answered %d, and not by the portal%s", answer.Status, by(answer)), wrongWay)}
	}
	findings := []Finding{ok(check, e.facts.Portal, "answers, and is well")}
	if f, told := e.dated("gateway at "+e.facts.Portal, answer); told {
		findings = append(findings, f)
	}
	return findings
}

const (
	notReached = "see that the name leads to this gateway and Caddy listens there; a name that leads out and back in again may work for people and not from here"
	wrongWay   = "see what the name leads to, and that whatever stands in front passes Host and path on unchanged"
)

// by names the server of an answer, where it says.
func by(a *Answer) string {
	if server := a.Header.Get("Server"); server != "" {
		return fmt.Sprintf(" (Server: %.40q)", server)
	}
	return ""
}
