// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const (
	// patience is how long anything may take.
	patience = 5 * time.Second
	// maxBody is how much of an answer is read, in bytes.
	maxBody = 256 << 10
)

// Network is the world as this machine sees it. The zero value is ready.
type Network struct{}

var _ World = Network{}

// Now implements [World].
func (Network) Now() time.Time { return time.Now() }

// Get implements [World].
func (Network) Get(ctx context.Context, q Question) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, q.URL, nil)
	if err != nil {
		return nil, err
	}
	request.Header = q.Header.Clone()
	if request.Header == nil {
		request.Header = make(http.Header)
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", "gatehouse-doctor")
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if q.Address != "" {
				network, address = q.Network, q.Address
			}
			return dial(ctx, network, address)
		},
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: !q.Strict}, //nolint:gosec // said by the caller, see Question.Strict
		DisableKeepAlives: true,
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	if err != nil {
		return nil, err
	}
	return &Answer{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// Certificate implements [World].
func (Network) Certificate(ctx context.Context, host, port string) (leaf *x509.Certificate, distrust, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	plain, err := dial(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, nil, err
	}
	defer plain.Close()
	conn := tls.Client(plain, &tls.Config{ServerName: host, InsecureSkipVerify: true}) //nolint:gosec // it is what is looked at
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	chain := conn.ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return nil, nil, errors.New("the server shows no certificate")
	}
	issuers := x509.NewCertPool()
	for _, c := range chain[1:] {
		issuers.AddCert(c)
	}
	// At a moment within its dates, which are another question.
	_, distrust = chain[0].Verify(x509.VerifyOptions{Intermediates: issuers, CurrentTime: chain[0].NotBefore.Add(time.Second)})
	return chain[0], distrust, nil
}

// Listens implements [World].
func (Network) Listens(ctx context.Context, network, address string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := dial(ctx, network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Resolve implements [World].
func (Network) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if isLocalhost(host) {
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// Addresses implements [World]. Link-local addresses are left out, which nobody dials
// without naming an interface.
func (Network) Addresses() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var addresses []netip.Addr
	for _, a := range all {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue // no IP address
		}
		if ip := prefix.Addr().Unmap(); !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			addresses = append(addresses, ip)
		}
	}
	return addresses, nil
}

// dial connects. Names below localhost are this machine, for browsers as for us
// (RFC 6761, section 6.3), although few resolvers know them.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	host, port, err := net.SplitHostPort(address)
	if err != nil || !isLocalhost(host) || strings.HasPrefix(network, "unix") {
		return dialer.DialContext(ctx, network, address)
	}
	conn, err := dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		if six, err := dialer.DialContext(ctx, network, net.JoinHostPort("::1", port)); err == nil {
			return six, nil
		}
	}
	return conn, err
}

func isLocalhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
