// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

// hearsay keeps which peer says for whom it forwards requests, as load balancers do,
// without being trusted to. Nothing of ours believes it; the doctor tells the operator,
// who may have forgotten to name a load balancer. Whatever is sent, one address is kept.
type hearsay struct{ peer atomic.Pointer[netip.Addr] }

// note looks at a request whose peer is no trusted proxy, before it is cleaned.
func (h *hearsay) note(r *http.Request) {
	if r.Header["X-Forwarded-For"] == nil && r.Header["Forwarded"] == nil {
		return
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return // a unix socket
	}
	address := peer.Addr().Unmap().WithZone("")
	// Anybody on the Internet may send such headers. A load balancer is a neighbour.
	if last := h.peer.Load(); last == nil || *last != address && (!doctor.IsNeighbour(*last) || doctor.IsNeighbour(address)) {
		h.peer.Store(&address)
	}
}

// told returns the peer's address, or nothing.
func (h *hearsay) told() string {
	if peer := h.peer.Load(); peer != nil {
		return peer.String()
	}
	return ""
}
