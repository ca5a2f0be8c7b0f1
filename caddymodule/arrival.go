// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// clientOf returns the client's address as Caddy knows it: the peer's, or what a
// trusted proxy says. No header is read here.
func clientOf(r *http.Request) netip.Addr {
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap()
}

// fromTrustedProxy reports whether the peer is one of Caddy's trusted proxies.
func fromTrustedProxy(r *http.Request) bool {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	return trusted
}

// maxHeader returns how many bytes of a request's head its server reads
// (`max_header_size` of the servers' options), or 0 where it is not known.
func maxHeader(r *http.Request) int {
	server, ok := r.Context().Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if !ok {
		return 0
	}
	return server.MaxHeaderBytes
}

// originalURL returns the request's address as the client sent it, before any
// rewriting.
func originalURL(r *http.Request) *url.URL {
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return original.URL
	}
	return r.URL
}

// requestIDs names requests on error pages and in logs. A name proves nothing; it
// has to be short enough to be read out on the phone, and costs nothing, since
// every request gets one and few are ever looked for.
type requestIDs struct {
	prefix string
	count  atomic.Uint64
}

func newRequestIDs() *requestIDs { return &requestIDs{prefix: rand.Text()[:6] + "-"} }

func (ids *requestIDs) next() string {
	var digits [20]byte
	return ids.prefix + string(strconv.AppendUint(digits[:0], ids.count.Add(1), 10))
}

// logRequestID puts the name of a request that we answer into the access log.
func logRequestID(r *http.Request, id string) {
	if fields, ok := r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
		fields.Add(zap.String("request_id", id))
	}
}

// skipLog keeps a request out of the access log, which has taken a copy of the
// address already.
func skipLog(r *http.Request) { caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true) }
