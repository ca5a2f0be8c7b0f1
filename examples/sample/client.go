// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package sample

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"
)

// client returns the client that fetches the portal's keys. Names below localhost
// are this machine without asking DNS, which need not know them (RFC 6761,
// section 6.3).
func client() *http.Client {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
					address = net.JoinHostPort("localhost", port)
				}
				return dialer.DialContext(ctx, network, address)
			},
			MaxIdleConns:    1,
			IdleConnTimeout: 30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
