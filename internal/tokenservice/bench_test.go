// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

// empty answers with messages of the same length and does nothing: what gRPC costs.
type empty struct {
	tokenpb.UnimplementedTokenServiceServer
	token  string
	packed []byte
}

func (e *empty) CreateToken(context.Context, *tokenpb.CreateTokenRequest) (*tokenpb.CreateTokenResponse, error) {
	return &tokenpb.CreateTokenResponse{Token: e.token}, nil
}

func (e *empty) ReadToken(context.Context, *tokenpb.ReadTokenRequest) (*tokenpb.ReadTokenResponse, error) {
	return &tokenpb.ReadTokenResponse{PackedData: e.packed}, nil
}

// sized is a map of 256 bytes.
func sized() []byte { return append([]byte{0x81, 0xa1, 'a', 0xc4, 251}, make([]byte, 251)...) }

// callers makes b.N calls from a number of callers over one connection.
func callers(b *testing.B, n int, call func() error) {
	b.Helper()
	b.ReportAllocs()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for range n {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkService compares the service over a durable, sealed file with one that does
// nothing, with the same messages in the same run:
//
//	go test ./internal/tokenservice -run '^$' -bench Service -count 5
func BenchmarkService(b *testing.B) {
	data := sized()
	listener := listen(b)
	server := grpc.NewServer()
	nothing := &empty{token: string(bytes.Repeat([]byte("A"), tokens.Length)), packed: append([]byte("\x81\xa4data"), data...)}
	tokenpb.RegisterTokenServiceServer(server, nothing)
	go server.Serve(listener)
	b.Cleanup(server.Stop)
	for _, side := range []struct {
		name string
		conn *grpc.ClientConn
	}{
		{"empty", connect(b, listener.Addr().String())},
		{"tokens", serve(b, tokens.Limits{})},
	} {
		client := tokenpb.NewTokenServiceClient(side.conn)
		made, err := client.CreateToken(b.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: -1, SilenceRead: -1})
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("create/%s/%d", side.name, n), func(b *testing.B) {
				callers(b, n, func() error {
					_, err := client.CreateToken(b.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: 3600, SilenceRead: -1})
					return err
				})
			})
			b.Run(fmt.Sprintf("read/%s/%d", side.name, n), func(b *testing.B) {
				callers(b, n, func() error {
					_, err := client.ReadToken(b.Context(), &tokenpb.ReadTokenRequest{Token: []byte(made.Token)})
					return err
				})
			})
		}
	}
}
