// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie

import (
	"net/http"
	"slices"
	"strings"
)

// Embed makes the cookies that an app sets ones that browsers keep in a frame of another
// site's page: SameSite=None, Secure and Partitioned (CHIPS). It comes before
// [Jar.Answer], whose labels tell what is partitioned.
func Embed(h http.Header) {
	lines := h["Set-Cookie"]
	if len(lines) == 0 {
		return
	}
	embedded := make([]string, len(lines))
	for i, line := range lines {
		embedded[i] = embed(line)
	}
	h["Set-Cookie"] = embedded
}

func embed(line string) string {
	parts := strings.Split(line, ";")
	kept := slices.DeleteFunc(parts[1:], func(attribute string) bool {
		name, _, _ := strings.Cut(attribute, "=")
		switch strings.ToLower(trim(name)) {
		case "samesite", "secure", "partitioned":
			return true
		}
		return false
	})
	return strings.Join(slices.Concat(parts[:1], kept), ";") + embeddedAttributes
}

const embeddedAttributes = "; SameSite=None; Secure; Partitioned"
