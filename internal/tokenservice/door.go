// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
)

const (
	// maxStreams is how many calls of one connection are worked on at once; more of
	// them wait at the client.
	maxStreams = 1024
	// maxHeaders bounds the metadata of a call, in bytes.
	maxHeaders = 16 << 10
	// handshakeTime is how long a connection may take to begin.
	handshakeTime = 10 * time.Second
	// pingTime is how often a client may ask whether the connection is alive.
	pingTime = 10 * time.Second
	// closeTime is how long calls may take to end when the door closes.
	closeTime = 5 * time.Second
	// besidesData is how much longer a message may be than the longest data: whatever
	// somebody takes for a token is answered, and does not break the connection.
	besidesData = 1 << 20
)

// Door is a listener that serves whichever service was put behind it last. It lives
// longer than a configuration, so that connections, and calls on their way, stay when
// another one takes over.
type Door struct {
	tokenpb.UnimplementedTokenServiceServer

	server  *grpc.Server
	address net.Addr
	logger  *zap.Logger
	work    sync.WaitGroup
	current atomic.Pointer[lease]

	mu     sync.Mutex
	leases []*lease
}

// lease is the time of one service behind a door.
type lease struct {
	service *Service
	bearer  bearer

	mu   sync.RWMutex // held by calls, and to end the lease
	over bool
}

// Open serves on a listener, which the door closes. With nothing behind it, calls are
// answered with UNAVAILABLE.
func Open(l net.Listener, t Transport, logger *zap.Logger) *Door {
	d := &Door{address: l.Addr(), logger: logger}
	d.server = grpc.NewServer(
		grpc.Creds(t.credentials(d)),
		grpc.MaxRecvMsgSize(t.MaxData+besidesData),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.ConnectionTimeout(handshakeTime),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingTime, PermitWithoutStream: true}),
	)
	tokenpb.RegisterTokenServiceServer(d.server, d)
	grpc_health_v1.RegisterHealthServer(d.server, &health{door: d})
	d.work.Go(func() {
		if err := d.server.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			logger.Error("token service ended", zap.Error(err))
		}
	})
	return d
}

// Addr returns where it listens, with the port that the system has chosen where it was
// to choose one.
func (d *Door) Addr() net.Addr { return d.address }

// Use puts a service behind the door, in front of those that are there. leave takes it
// away again, and returns when no call uses it any more.
func (d *Door) Use(s *Service) (leave func()) {
	l := &lease{service: s, bearer: newBearer(s.Secret)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leases = append(d.leases, l)
	d.current.Store(l)
	return func() { d.leave(l) }
}

func (d *Door) leave(l *lease) {
	d.mu.Lock()
	var last *lease
	kept := d.leases[:0:0]
	for _, other := range d.leases {
		if other != l {
			kept = append(kept, other)
			last = other
		}
	}
	d.leases = kept
	d.current.Store(last)
	d.mu.Unlock()

	l.mu.Lock() // waits for the calls
	defer l.mu.Unlock()
	l.over = true
}

// enter returns the lease that a call is under, nil when there is none. The caller must
// unlock it.
func (d *Door) enter() *lease {
	for {
		l := d.current.Load()
		if l == nil {
			return nil
		}
		l.mu.RLock()
		if !l.over {
			return l
		}
		l.mu.RUnlock() // another one has taken over in between
	}
}

// Close ends the door: no connection is accepted any more, clients are told to go, and
// calls on their way are waited for, for some seconds.
func (d *Door) Close() {
	timer := time.AfterFunc(closeTime, d.server.Stop)
	defer timer.Stop()
	d.server.GracefulStop()
	d.work.Wait()
}
