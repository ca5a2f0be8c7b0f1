// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
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

// benchFile names the file over which a child process serves until its input ends.
const benchFile = "GATEHOUSE_TEST_BENCH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(benchFile); path != "" {
		if err := serveBoth(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveBoth serves nothing, and tokens in a durable, sealed file, and prints where.
func serveBoth(path string) (err error) {
	file, err := tokens.Open(path, tokens.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	space, err := file.Space("shop", tokens.Limits{})
	if err != nil {
		return err
	}
	idle, err1 := loopback()
	busy, err2 := loopback()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	server := grpc.NewServer()
	tokenpb.RegisterTokenServiceServer(server, &empty{
		token: strings.Repeat("A", tokens.Length), packed: append([]byte("\x81\xa4data"), sized()...),
	})
	go server.Serve(idle)
	defer server.Stop()
	door := tokenservice.Open(busy, tokenservice.Transport{MaxData: tokens.DefaultMaxData}, zap.NewNop())
	defer door.Close()
	defer door.Use(&tokenservice.Service{Tokens: space})()
	fmt.Println(idle.Addr(), busy.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// child starts serveBoth in a process of its own, as clients are, and returns the two
// addresses.
func child(b *testing.B) []string {
	b.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), benchFile+"="+filepath.Join(b.TempDir(), "tokens.db"))
	process.Stderr = os.Stderr
	in, err1 := process.StdinPipe()
	out, err2 := process.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	if err := process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := process.Wait(); err != nil {
			b.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.Fields(line)
}

// BenchmarkService compares the service over a durable, sealed file with one that does
// nothing, with the same messages in the same run, both in a process of their own:
//
//	go test ./internal/tokenservice -run '^$' -bench Service -count 5
func BenchmarkService(b *testing.B) {
	data, addresses := sized(), child(b)
	type side struct {
		name   string
		client tokenpb.TokenServiceClient
		token  []byte
	}
	var sides []side
	for i, name := range []string{"empty", "tokens"} {
		client := tokenpb.NewTokenServiceClient(connect(b, addresses[i]))
		made, err := client.CreateToken(b.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: -1, SilenceRead: -1})
		if err != nil {
			b.Fatal(err)
		}
		sides = append(sides, side{name, client, []byte(made.Token)})
	}
	create := func(s *side) error {
		_, err := s.client.CreateToken(b.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: 3600, SilenceRead: -1})
		return err
	}
	read := func(s *side) error {
		_, err := s.client.ReadToken(b.Context(), &tokenpb.ReadTokenRequest{Token: s.token})
		return err
	}
	for _, n := range []int{1, 16, 64} {
		for _, what := range []struct {
			name string
			call func(*side) error
		}{{"create", create}, {"read", read}} {
			for i := range sides { // one after the other, since machines drift
				b.Run(fmt.Sprintf("%s/%d/%s", what.name, n, sides[i].name), func(b *testing.B) {
					callers(b, n, func() error { return what.call(&sides[i]) })
				})
			}
		}
	}
}
