// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff

import "net/http"

// Began reports whether a request may move a hand-off on: a GET by which a
// browser goes somewhere, and neither a prefetch nor a script's request. What
// browsers say of themselves in Fetch Metadata counts where they say it; a client
// that says nothing is taken at its method.
func Began(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	// Prefetch, prerender, preview: there was never one name for it.
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	mode := r.Header.Get("Sec-Fetch-Mode")
	return mode == "" || mode == "navigate"
}
