// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice

import (
	"errors"
	"net"
	"syscall"
)

// CanAskPeer reports whether this system tells who is at the other end of a unix socket.
const CanAskPeer = true

// peerUID returns the user whose process has connected.
func peerUID(conn net.Conn) (uid uint32, err error) {
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, errors.New("who has connected is known on unix sockets only")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	var asked error
	err = raw.Control(func(fd uintptr) {
		var peer *syscall.Ucred
		if peer, asked = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); asked == nil {
			uid = peer.Uid
		}
	})
	return uid, errors.Join(err, asked)
}
