// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"strings"
)

// cleanUpgrade leaves of the protocols that a client wants to speak from here on the
// WebSocket alone. Behind any other the app would read what nobody has looked at: with
// `h2c` that is further requests, for every path and with every header, on a connection
// that was opened for one public page. A server may ignore an Upgrade (RFC 9110, section
// 7.8), so the request goes on as an ordinary one.
func cleanUpgrade(h http.Header) {
	lines := h["Upgrade"]
	if len(lines) == 0 || len(lines) == 1 && strings.EqualFold(trimOption(lines[0]), "websocket") {
		return
	}
	delete(h, "Upgrade")
	delete(h, "Http2-Settings")
}
