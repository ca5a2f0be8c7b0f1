// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"

	"go.uber.org/zap"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Transport is what is decided before anybody speaks at a door, and stays for as long
// as the door is open.
type Transport struct {
	// TLS says that connections are TLS, with the certificate of the service.
	TLS bool
	// PeerUIDs, if not empty, are the users of this machine whose processes may
	// connect. It works on unix sockets, where [CanAskPeer] is true.
	PeerUIDs []uint32
	// MaxData is how long the data of a token may be, in bytes.
	MaxData int
}

// String names all of it: doors with equal names can stand for each other.
func (t Transport) String() string {
	return fmt.Sprintf("tls=%t uids=%d data=%d", t.TLS, t.PeerUIDs, t.MaxData)
}

func (t Transport) credentials(d *Door) credentials.TransportCredentials {
	c := gatekeeper{TransportCredentials: insecure.NewCredentials(), uids: slices.Clone(t.PeerUIDs), logger: d.logger}
	if t.TLS {
		c.TransportCredentials = credentials.NewTLS(&tls.Config{
			MinVersion: tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				if l := d.current.Load(); l != nil && l.service.Certificate != nil {
					return l.service.Certificate, nil
				}
				return nil, errors.New("there is no certificate")
			},
		})
	}
	return &c
}

// gatekeeper looks at who connects before anything is read.
type gatekeeper struct {
	credentials.TransportCredentials
	uids   []uint32
	logger *zap.Logger
}

// ServerHandshake implements [credentials.TransportCredentials].
func (g *gatekeeper) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	if len(g.uids) > 0 {
		uid, err := peerUID(conn)
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(g.uids, uid) {
			g.logger.Warn("refused a connection: its user is not among peer_uid", zap.Uint32("uid", uid))
			return nil, nil, fmt.Errorf("user %d may not connect", uid)
		}
	}
	return g.TransportCredentials.ServerHandshake(conn)
}

// Clone implements [credentials.TransportCredentials].
func (g *gatekeeper) Clone() credentials.TransportCredentials {
	return &gatekeeper{g.TransportCredentials.Clone(), g.uids, g.logger}
}
