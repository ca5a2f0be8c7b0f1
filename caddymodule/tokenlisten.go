// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
)

// address returns where the service listens.
func (s *TokenService) address() (caddy.NetworkAddress, error) {
	const advice = "write host:port, such as 127.0.0.1:50051, or unix/ and the path of a socket"
	a, err := caddy.ParseNetworkAddress(s.Listen)
	if err != nil {
		return a, fmt.Errorf("%w: %s", err, advice)
	}
	switch a.Network {
	case "unix":
		if path, _, _ := strings.Cut(a.Host, "|"); path == "" {
			return a, errors.New("it names no socket: " + advice)
		}
	case "tcp", "tcp4", "tcp6":
		if _, port, err := net.SplitHostPort(s.Listen[strings.LastIndex(s.Listen, "/")+1:]); err != nil || port == "" || a.PortRangeSize() != 1 {
			return a, errors.New("it does not name one port: " + advice)
		}
	default:
		return a, fmt.Errorf("gRPC does not go over %q: %s", a.Network, advice)
	}
	return a, nil
}

// place names where the service listens, so that two ways of writing it are one place.
func (s *TokenService) place() (string, error) {
	a, err := s.address()
	if err != nil {
		return "", err
	}
	path, _, _ := strings.Cut(a.JoinHostPort(0), "|")
	return a.Network + " " + path, nil
}

// checkListen refuses an address that others may reach, unless the operator has said
// what protects it, or that nothing does.
func (s *TokenService) checkListen() error {
	if strings.Contains(s.Listen, "{") {
		return nil // a placeholder, as long as nothing is provisioned
	}
	a, err := s.address()
	switch {
	case err != nil:
		return err
	case len(s.PeerUIDs) > 0 && a.Network != "unix":
		return errors.New("peer_uid: who has connected is known on unix sockets only")
	case len(s.PeerUIDs) > 0 && !tokenservice.CanAskPeer:
		return errors.New("peer_uid: this system does not tell who has connected: use the mode of the socket")
	case s.Certificate != "" || s.Insecure || s.private(a):
		return nil
	case a.Network == "unix":
		return errors.New("the name of an abstract socket has no mode, so every process of this machine reaches it: name a file, write peer_uid UID, or, if that is meant, insecure")
	}
	return errors.New("others than this machine may reach this address, and would read and change every token: listen on 127.0.0.1 or a unix socket, write tls CERTIFICATE KEY, or, if the network is closed, insecure")
}

// private reports whether this machine alone reaches an address: on loopback, or by a
// socket that is a file or asks who comes.
func (s *TokenService) private(a caddy.NetworkAddress) bool {
	if a.Network == "unix" {
		return !strings.HasPrefix(a.Host, "@") || len(s.PeerUIDs) > 0
	}
	if a.Host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(a.Host)
	return err == nil && ip.Unmap().IsLoopback()
}

// tokenDoor is a door in the pool.
type tokenDoor struct{ *tokenservice.Door }

// Destruct closes the door when the last configuration has left.
func (d tokenDoor) Destruct() error {
	d.Close()
	return nil
}

// open returns the door at the address, which it opens if nobody has.
func (s *TokenService) open(ctx context.Context) (tokenStay, error) {
	address, err := s.address()
	if err != nil {
		return tokenStay{}, err
	}
	// The mode of a socket is part of it: a reload that changes the mode listens anew.
	key := address.String() + " " + s.transport().String()
	pooled, _, err := tokenDoors.LoadOrNew(key, func() (caddy.Destructor, error) {
		listener, err := address.Listen(ctx, 0, net.ListenConfig{})
		if err != nil {
			return nil, err
		}
		logger := processLogger().Named("tokens")
		return tokenDoor{tokenservice.Open(listener.(net.Listener), s.transport(), logger)}, nil
	})
	if err != nil {
		return tokenStay{}, err
	}
	return tokenStay{key: key, door: pooled.(tokenDoor).Door}, nil
}
