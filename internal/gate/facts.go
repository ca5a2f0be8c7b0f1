// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"net/netip"

	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// facts returns what the policy decides on: the request as it is going to be
// forwarded. An error is a [policy.PathError].
func facts(r *http.Request, client netip.Addr) (policy.Facts, error) {
	if r.URL.Opaque != "" {
		// It would be forwarded in place of the path ("GET http:admin HTTP/1.1").
		return policy.Facts{}, policy.ErrForm
	}
	path, err := policy.CheckPath(r.URL.EscapedPath())
	if err != nil {
		return policy.Facts{}, err
	}
	return policy.Facts{Path: path, Method: forwardedMethod(r), Address: client}, nil
}

// forwardedMethod returns the method with which a request is going to be forwarded.
// Caddy makes a WebSocket's extended CONNECT (RFC 8441, RFC 9220) a GET.
func forwardedMethod(r *http.Request) string {
	if r.Method != http.MethodConnect {
		return r.Method
	}
	if (r.ProtoMajor == 2 && r.Header.Get(":protocol") == "websocket") || (r.ProtoMajor == 3 && r.Proto == "websocket") {
		return http.MethodGet
	}
	return r.Method
}
