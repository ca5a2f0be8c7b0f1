// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"

	"github.com/gatehouse-sso/gatehouse/store"
)

// A browser keeps a token in a frame apart from that of the same host in a tab, and one
// for each site in whose pages there are frames. They are of one session, and each counts
// at the origin; but a landing in the one place must not make those in others worthless,
// as it does with what one place held before.

// inFrame follows the origin in the audience of a token for a frame.
const inFrame = "#frame"

// maxFrames is how many places with frames a session has for one origin.
const maxFrames = 8

// InFrame returns the audience of tokens for frames at the origin.
func InFrame(origin string) string { return origin + inFrame }

// originOf returns where a token of the audience counts.
func originOf(audience string) string { return strings.TrimSuffix(audience, inFrame) }

// pruneFrames drops the oldest secrets for frames of the audience, so that there is room
// for one more.
func pruneFrames(secrets []store.Secret, audience string) []store.Secret {
	n := 0
	for i := len(secrets) - 1; i >= 0; i-- {
		if secrets[i].Audience != audience {
			continue
		}
		if n++; n >= maxFrames {
			secrets = append(secrets[:i:i], secrets[i+1:]...)
		}
	}
	return secrets
}
