// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// scope says who can reach an address.
type scope int

const (
	// everywhere: anybody, or it is not known who.
	everywhere scope = iota
	// wide: Caddy uses loopback, and the app listens on other addresses as well.
	wide
	// network: other machines or containers on a private network.
	network
	// machine: programs on this machine.
	machine
	// socket: programs on this machine that may open the socket.
	socket
)

// reach is who can reach an app around its gate.
type reach struct {
	scope scope
	// also is where it was found besides its address.
	also string
	// elsewhere are the addresses of an app that runs on another machine.
	elsewhere []netip.Addr
}

func (r reach) words() string {
	switch r.scope {
	case socket:
		return "listens on a unix socket"
	case machine:
		return "listens on loopback only, as far as can be seen"
	case network:
		return "listens on a private network, where others may reach it"
	case wide:
		return "listens on " + r.also + " as well, beyond loopback"
	}
	return "listens on an address that is not private"
}

// reach finds out who can reach an upstream. An app behind 127.0.0.1 may listen on
// all addresses all the same, so those of this machine are tried.
func (e *examination) reach(ctx context.Context, u Upstream) reach {
	if strings.HasPrefix(u.Network, "unix") {
		return reach{scope: socket}
	}
	host, port, err := net.SplitHostPort(u.Address)
	if err != nil {
		return reach{}
	}
	addresses := []netip.Addr{}
	if ip, err := netip.ParseAddr(host); err == nil {
		addresses = append(addresses, ip)
	} else if addresses, err = e.world.Resolve(ctx, host); err != nil || len(addresses) == 0 {
		return reach{}
	}
	own, err := e.world.Addresses()
	if scope := widest(addresses); scope != machine {
		return reach{scope: scope, elsewhere: beyond(addresses, own)}
	}
	if err != nil {
		return reach{}
	}
	for _, ip := range own {
		if also := net.JoinHostPort(ip.String(), port); e.world.Listens(ctx, u.Network, also) == nil {
			return reach{scope: wide, also: also}
		}
	}
	return reach{scope: machine}
}

// widest returns who can reach an app by the most open of its addresses.
func widest(addresses []netip.Addr) scope {
	found := machine
	for _, ip := range addresses {
		switch ip = ip.Unmap(); {
		case ip.IsUnspecified(): // 0.0.0.0 dials this machine
		case ip.IsLoopback():
		case IsNeighbour(ip):
			found = min(found, network)
		default:
			return everywhere
		}
	}
	return found
}

// beyond returns the addresses when none of them is this machine's.
func beyond(addresses, own []netip.Addr) []netip.Addr {
	if slices.ContainsFunc(addresses, func(ip netip.Addr) bool { return ip.IsLoopback() || slices.Contains(own, ip.Unmap()) }) {
		return nil
	}
	return addresses
}
