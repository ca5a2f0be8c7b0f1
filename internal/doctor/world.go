// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/netip"
	"time"
)

// World is what the doctor looks at.
type World interface {
	// Now is the time by the clock of this machine.
	Now() time.Time
	// Get sends a GET and follows no redirect. An answer of any status is no error.
	Get(context.Context, Question) (*Answer, error)
	// Certificate returns what a TLS server shows to whoever asks for host, and in
	// distrust why this machine does not believe its issuer. Names and dates are the caller's
	// to check.
	Certificate(ctx context.Context, host, port string) (leaf *x509.Certificate, distrust, err error)
	// Listens returns nil when something takes connections there.
	Listens(ctx context.Context, network, address string) error
	// Resolve returns the addresses of a host.
	Resolve(ctx context.Context, host string) ([]netip.Addr, error)
	// Addresses returns the addresses by which other machines may reach this one.
	Addresses() ([]netip.Addr, error)
}

// Question is one GET.
type Question struct {
	// URL is http or https. Its host is what the request asks for.
	URL    string
	Header http.Header
	// Network and Address, where they are set, are where it is sent, instead of the
	// URL's host.
	Network, Address string
	// Strict refuses a certificate that this machine does not trust. Otherwise any is
	// taken: nothing that the doctor sends is worth protecting.
	Strict bool
}

// Answer is what came back. Of the body it holds the beginning.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}
