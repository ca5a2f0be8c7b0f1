// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"net/http"
	"strings"
)

// Began reports whether a request may move a hand-off on: a GET by which a
// browser goes somewhere, and neither a prefetch nor a script's request. What
// browsers say of themselves in Fetch Metadata counts where they say it; a client
// that says nothing is taken at its method.
func Began(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if strings.Contains(strings.ToLower(r.Header.Get(name)), "prefetch") {
			return false
		}
	}
	mode := r.Header.Get("Sec-Fetch-Mode")
	return mode == "" || mode == "navigate"
}
