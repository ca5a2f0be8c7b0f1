// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// same reports whether an answer is the wanted one, or was given some seconds later.
func same(got, want []byte) bool {
	at := bytes.Index(want, []byte("\xa3ttl"))
	if at < 0 || len(got) != len(want) {
		return bytes.Equal(got, want)
	}
	at += len("\xa3ttl")
	if want[at] == 0xcd { // a number of two bytes
		at += 2
	}
	got = slices.Clone(got)
	if late := want[at] - got[at]; late < 8 {
		got[at] = want[at]
	}
	return bytes.Equal(got, want)
}

// newFile opens a file of tokens, on disk and sealed as a gateway's.
func newFile(t testing.TB) *tokens.File {
	t.Helper()
	file, err := tokens.Open(filepath.Join(t.TempDir(), "tokens.db"), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return file
}

func newSpace(t testing.TB, e *tokens.Engine, name string, l tokens.Limits) *tokens.Space {
	t.Helper()
	space, err := e.Space(name, l)
	if err != nil {
		t.Fatal(err)
	}
	return space
}

func loopback() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := loopback()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// openDoor serves on a listener until the test ends.
func openDoor(t testing.TB, l net.Listener, transport tokenservice.Transport) *tokenservice.Door {
	t.Helper()
	if transport.MaxData == 0 {
		transport.MaxData = tokens.DefaultMaxData
	}
	door := tokenservice.Open(l, transport, zap.NewNop())
	t.Cleanup(door.Close)
	return door
}

// connect returns a connection to an address, as grpc writes it.
func connect(t testing.TB, target string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	conn, err := grpc.NewClient(target, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// serve returns a connection to a service over a file of its own.
func serve(t testing.TB, l tokens.Limits) *grpc.ClientConn {
	t.Helper()
	listener := listen(t)
	door := openDoor(t, listener, tokenservice.Transport{MaxData: l.MaxData})
	t.Cleanup(door.Use(&tokenservice.Service{Tokens: newSpace(t, newFile(t).Engine, "shop", l)}))
	return connect(t, listener.Addr().String())
}

// ask makes one call and returns its error as a code and a text.
type asker struct {
	testing.TB
	tokenpb.TokenServiceClient
}

func newAsker(t testing.TB, conn *grpc.ClientConn) asker {
	return asker{t, tokenpb.NewTokenServiceClient(conn)}
}

func (a asker) create(data []byte, ttl, silenceRead int64) string {
	a.Helper()
	made, err := a.CreateToken(a.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: ttl, SilenceRead: silenceRead})
	if err != nil {
		a.Fatal(err)
	}
	return made.Token
}

func (a asker) read(token string) []byte {
	a.Helper()
	read, err := a.ReadToken(a.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
	if err != nil {
		a.Fatal(err)
	}
	return read.PackedData
}

func (a asker) update(token string, data []byte, ttl, silenceRead int64) bool {
	a.Helper()
	updated, err := a.UpdateToken(a.Context(), &tokenpb.UpdateTokenRequest{Token: []byte(token), PackedData: data, Ttl: ttl, SilenceRead: silenceRead})
	if err != nil {
		a.Fatal(err)
	}
	return updated.Result
}

func (a asker) delete(token string) bool {
	a.Helper()
	deleted, err := a.DeleteToken(a.Context(), &tokenpb.DeleteTokenRequest{Token: []byte(token)})
	if err != nil {
		a.Fatal(err)
	}
	return deleted.Result
}

func codeOf(err error) codes.Code { return status.Code(err) }

// wire sends and receives messages as bytes, so that what is tested is what is on the
// wire and not what our own generated code makes of it.
type wire struct{}

func (wire) Name() string { return "proto" }

func (wire) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (wire) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// send makes one call with the bytes of a message, and returns those of the answer.
func send(ctx context.Context, conn *grpc.ClientConn, method string, message []byte) (answer []byte, err error) {
	err = conn.Invoke(ctx, "/token.TokenService/"+method, message, &answer, grpc.ForceCodecV2(wire{}))
	return answer, err
}
