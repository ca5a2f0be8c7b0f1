// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"strings"
)

// dropFrameAncestors takes what an app says about who may show it in a frame out of its
// policies, since of several all must agree. A list may be in one line (RFC 9110, section
// 5.6.1); no comma is in a policy.
func dropFrameAncestors(h http.Header) {
	lines := h["Content-Security-Policy"]
	if len(lines) == 0 {
		return
	}
	var kept []string
	for _, line := range lines {
		for policy := range strings.SplitSeq(line, ",") {
			if policy = withoutFrameAncestors(policy); policy != "" {
				kept = append(kept, policy)
			}
		}
	}
	h["Content-Security-Policy"] = kept
}

func withoutFrameAncestors(policy string) string {
	var kept []string
	for directive := range strings.SplitSeq(policy, ";") {
		directive = strings.Trim(directive, " \t\r\n\f")
		name := directive
		if end := strings.IndexAny(directive, " \t\r\n\f"); end >= 0 {
			name = directive[:end]
		}
		if directive != "" && !strings.EqualFold(name, "frame-ancestors") {
			kept = append(kept, directive)
		}
	}
	return strings.Join(kept, "; ")
}
