// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

// One configuration takes over from another, many times, while calls run: none fails,
// none is answered by a service that has left, and the connection stays the same.
func TestTakingOverRefusesNoCall(t *testing.T) {
	file := newFile(t)
	listener := listen(t)
	door := openDoor(t, listener, tokenservice.Transport{})
	service := func() *tokenservice.Service {
		return &tokenservice.Service{Tokens: newSpace(t, file.Engine, "shop", tokens.Limits{})}
	}
	leave := door.Use(service())
	ask := newAsker(t, connect(t, listener.Addr().String()))
	token := ask.create(unhex(t, oneMap), -1, -1)

	var calls atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				var err error
				if i%2 == 0 {
					_, err = ask.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
				} else {
					_, err = ask.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: unhex(t, oneMap), Ttl: 60, SilenceRead: -1})
				}
				if err != nil {
					t.Error(err)
					return
				}
				calls.Add(1)
			}
		})
	}
	for range 100 {
		// As Caddy does it: the next one comes, then the last one goes.
		before, next := calls.Load(), door.Use(service())
		leave()
		leave = next
		for deadline := time.Now().Add(5 * time.Second); calls.Load() == before; {
			if time.Now().After(deadline) {
				t.Fatal("no call is answered any more")
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	close(stop)
	wg.Wait()
	leave()
	if _, err := ask.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)}); codeOf(err) != codes.Unavailable {
		t.Errorf("with nobody there: %v", err)
	}
}

// A configuration that fails to start leaves, and the one before serves on.
func TestWhoeverWasThereBeforeServesOn(t *testing.T) {
	file := newFile(t)
	door := openDoor(t, listen(t), tokenservice.Transport{}) // of which nobody but the door knows the port
	defer door.Use(&tokenservice.Service{Tokens: newSpace(t, file.Engine, "shop", tokens.Limits{})})()
	ask := newAsker(t, connect(t, door.Addr().String()))
	token := ask.create(unhex(t, oneMap), -1, -1)
	leave := door.Use(&tokenservice.Service{Tokens: newSpace(t, file.Engine, "other", tokens.Limits{})})
	if len(ask.read(token)) != 1 {
		t.Error("the next one does not serve")
	}
	leave()
	if len(ask.read(token)) == 1 {
		t.Error("the one before does not serve")
	}
}

// Without the secret, with another, or with two, nothing is answered, and nothing counted.
func TestSecretInMetadata(t *testing.T) {
	listener := listen(t)
	door := openDoor(t, listener, tokenservice.Transport{})
	space := newSpace(t, newFile(t).Engine, "shop", tokens.Limits{})
	defer door.Use(&tokenservice.Service{Tokens: space, Secret: "a good secret"})()
	conn := connect(t, listener.Addr().String())
	client := tokenpb.NewTokenServiceClient(conn)
	token, err := space.Create(t.Context(), "", tokens.Value{Data: unhex(t, oneMap), Reads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, sent := range map[string][]string{
		"none":               nil,
		"another":            {"authorization", "Bearer a good secreT"},
		"empty":              {"authorization", "Bearer "},
		"not the scheme":     {"authorization", "a good secret"},
		"right and wrong":    {"authorization", "Bearer a good secret", "authorization", "Bearer x"},
		"the right one more": {"authorization", "Bearer a good secret", "authorization", "Bearer a good secret"},
		"another name":       {"x-authorization", "Bearer a good secret"},
	} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), sent...)
		if _, err := client.ReadToken(ctx, &tokenpb.ReadTokenRequest{Token: []byte(token)}); codeOf(err) != codes.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer a good secret")
	read, err := client.ReadToken(ctx, &tokenpb.ReadTokenRequest{Token: []byte(token)})
	if err != nil || len(read.PackedData) == 1 {
		t.Errorf("with the secret: %v, %v", read, err)
	}
}

// Health is that of the store at the moment, and needs no secret.
func TestHealth(t *testing.T) {
	file, err := tokens.Open(filepath.Join(t.TempDir(), "tokens.db"), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	door := openDoor(t, listener, tokenservice.Transport{})
	leave := door.Use(&tokenservice.Service{Tokens: newSpace(t, file.Engine, "shop", tokens.Limits{}), Secret: "secret"})
	defer leave()
	client := grpc_health_v1.NewHealthClient(connect(t, listener.Addr().String()))
	check := func(service string, want grpc_health_v1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		got, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil || got.Status != want {
			t.Errorf("%q is %v, %v, want %v", service, got, err, want)
		}
	}
	check("", grpc_health_v1.HealthCheckResponse_SERVING)
	check("token.TokenService", grpc_health_v1.HealthCheckResponse_SERVING)
	if _, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "other"}); codeOf(err) != codes.NotFound {
		t.Errorf("another service: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	check("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
}

// On a unix socket only the users who are named get as far as a call, and the operator
// is told who else has tried.
func TestPeerOfUnixSocket(t *testing.T) {
	if !tokenservice.CanAskPeer {
		t.Skip("this system does not tell who has connected")
	}
	me := uint32(os.Getuid())
	for name, c := range map[string]struct {
		uids []uint32
		want codes.Code
	}{
		"named":     {[]uint32{me + 1, me}, codes.OK},
		"not named": {[]uint32{me + 1}, codes.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			listener, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			seen, lines := observer.New(zap.WarnLevel)
			door := tokenservice.Open(listener, tokenservice.Transport{PeerUIDs: c.uids, MaxData: tokens.DefaultMaxData}, zap.New(seen))
			t.Cleanup(door.Close)
			defer door.Use(&tokenservice.Service{Tokens: newSpace(t, newFile(t).Engine, "shop", tokens.Limits{})})()
			client := tokenpb.NewTokenServiceClient(connect(t, "unix:"+socket))
			if _, err := client.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{}); codeOf(err) != c.want {
				t.Errorf("error %v, want %v", err, c.want)
			}
			told := lines.FilterField(zap.Uint32("uid", me)).Len() > 0
			if told != (c.want != codes.OK) {
				t.Errorf("the operator is told of it: %t", told)
			}
		})
	}
}

// With TLS, the certificate is that of the service that is in use; without it, or with
// another name, nobody is answered.
func TestTLS(t *testing.T) {
	listener := listen(t)
	door := openDoor(t, listener, tokenservice.Transport{TLS: true})
	certificate, pool := newCertificate(t)
	defer door.Use(&tokenservice.Service{Tokens: newSpace(t, newFile(t).Engine, "shop", tokens.Limits{}), Certificate: certificate})()
	call := func(options ...grpc.DialOption) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := tokenpb.NewTokenServiceClient(connect(t, listener.Addr().String(), options...)).ReadToken(ctx, &tokenpb.ReadTokenRequest{})
		return err
	}
	if err := call(grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool}))); err != nil {
		t.Error(err)
	}
	if err := call(); codeOf(err) != codes.Unavailable {
		t.Errorf("in the clear: %v", err)
	}
	next, pool := newCertificate(t)
	defer door.Use(&tokenservice.Service{Tokens: newSpace(t, newFile(t).Engine, "shop", tokens.Limits{}), Certificate: next})()
	if err := call(grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool}))); err != nil {
		t.Errorf("after a renewal: %v", err)
	}
}

func newCertificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}
