// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/boltstore"
)

// tokensOnly returns a Caddyfile with a store and the token service and nothing else.
func tokensOnly(file, services string) string {
	return fmt.Sprintf("{\n\tgatehouse {\n\t\tstore bbolt %s\n%s\n\t}\n}\n", file, services)
}

func runTokens(t *testing.T, text string) {
	t.Helper()
	if err := caddy.Run(config(t, text)); err != nil {
		t.Fatal(err)
	}
}

func stopAfter(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func tokenClient(t *testing.T, target string) tokenpb.TokenServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return tokenpb.NewTokenServiceClient(conn)
}

// oneMap is {"a":1} in MessagePack.
var oneMap = []byte{0x81, 0xa1, 'a', 1}

func newToken(t *testing.T, client tokenpb.TokenServiceClient) string {
	t.Helper()
	made, err := client.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: oneMap, Ttl: -1, SilenceRead: -1})
	if err != nil {
		t.Fatal(err)
	}
	return made.Token
}

func hasToken(t *testing.T, client tokenpb.TokenServiceClient, token string) bool {
	t.Helper()
	read, err := client.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
	if err != nil {
		t.Fatal(err)
	}
	return !bytes.Equal(read.PackedData, []byte{0xc0})
}

// The service works with no portal, no gate and no site, and through reloads that change
// what can be changed, while 16 callers make 8 connections work: not one call fails, and
// not one token that was handed out is lost.
func TestTokensThroughReloads(t *testing.T) {
	file, p := filepath.Join(folder(t), "gatehouse.db"), port(t)
	services := func(quota int) string {
		return fmt.Sprintf("token_service 127.0.0.1:%d {\nquota %d\n}", p, quota)
	}
	stopAfter(t)
	runTokens(t, tokensOnly(file, services(1_000_000)))

	var calls atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 8 {
		client := tokenClient(t, fmt.Sprintf("127.0.0.1:%d", p))
		token := newToken(t, client)
		for j := range 2 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					read, err := client.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
					if err != nil || len(read.PackedData) == 1 {
						t.Errorf("read %v, %v", read, err)
						return
					}
					if j == 0 && i%2 == 0 {
						made, err := client.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: oneMap, Ttl: 60, SilenceRead: -1})
						if err != nil {
							t.Error(err)
							return
						}
						deleted, err := client.DeleteToken(t.Context(), &tokenpb.DeleteTokenRequest{Token: []byte(made.Token)})
						if err != nil || !deleted.Result {
							t.Errorf("deleted %v, %v", deleted, err)
							return
						}
					}
					calls.Add(1)
				}
			})
		}
	}
	progress := func() {
		t.Helper()
		before := calls.Load()
		for end := time.Now().Add(time.Minute); calls.Load() < before+50; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("no call is answered any more")
			}
		}
	}
	for i := range 10 {
		progress()
		runTokens(t, tokensOnly(file, services(1_000_001+i)))
	}
	progress()
	// One that is refused leaves all as it was.
	broken := config(t, tokensOnly(file, services(1)+fmt.Sprintf("\ntoken_service 127.0.0.1:%d {\nnamespace other\ntls nowhere.pem nowhere.key\n}", port(t))))
	if err := caddy.Run(broken); err == nil {
		t.Error("a configuration without namespaces runs")
	}
	broken = config(t, tokensOnly(file, fmt.Sprintf("token_service 127.0.0.1:%d {\nnamespace default\nquota 1\n}\ntoken_service 127.0.0.1:%d {\nnamespace other\ntls nowhere.pem nowhere.key\n}", p, port(t))))
	if err := caddy.Run(broken); err == nil || !strings.Contains(err.Error(), "nowhere.pem") {
		t.Errorf("a configuration whose certificate is missing: %v", err)
	}
	progress()
	newToken(t, tokenClient(t, fmt.Sprintf("127.0.0.1:%d", p))) // which a quota of 1 would refuse
	// What cannot change in an open door opens another at the same address.
	runTokens(t, tokensOnly(file, fmt.Sprintf("token_service 127.0.0.1:%d {\nmax_payload 1KiB\n}", p)))
	progress()
	close(stop)
	wg.Wait()
}

// At the end nobody listens any more, no socket is left, and the store is free.
func TestTokensEnd(t *testing.T) {
	dir := folder(t)
	file, p := filepath.Join(dir, "gatehouse.db"), port(t)
	socket := filepath.Join(dir, "s")
	runTokens(t, tokensOnly(file, fmt.Sprintf("token_service 127.0.0.1:%d {\nnamespace shop\n}\ntoken_service unix/%s|0600 {\nnamespace shop\n}", p, socket)))
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket %v, %v", info, err)
	}
	over, by := tokenClient(t, fmt.Sprintf("127.0.0.1:%d", p)), tokenClient(t, "unix:"+socket)
	if token := newToken(t, over); !hasToken(t, by, token) {
		t.Error("two listeners of one namespace do not share it")
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := over.ReadToken(t.Context(), new(tokenpb.ReadTokenRequest)); status.Code(err) != codes.Unavailable {
		t.Errorf("after the end: %v", err)
	}
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket: %v", err)
	}
	s, err := boltstore.Open(file, boltstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Two apps, two listeners: neither reaches the tokens of the other, nor a browser's
// session, whose token has another form and whose record another kind.
func TestTokensOfOthersAreOutOfReach(t *testing.T) {
	file, p, q := filepath.Join(folder(t), "gatehouse.db"), port(t), port(t)
	stopAfter(t)
	runTokens(t, tokensOnly(file, fmt.Sprintf("token_service 127.0.0.1:%d {\nnamespace shop\n}\ntoken_service 127.0.0.1:%d {\nnamespace session\n}", p, q)))
	shop, other := tokenClient(t, fmt.Sprintf("127.0.0.1:%d", p)), tokenClient(t, fmt.Sprintf("127.0.0.1:%d", q))
	token := newToken(t, shop)
	if hasToken(t, other, token) {
		t.Error("another app reads it")
	}
	deleted, err := other.DeleteToken(t.Context(), &tokenpb.DeleteTokenRequest{Token: []byte(token)})
	if err != nil || deleted.Result || !hasToken(t, shop, token) {
		t.Errorf("another app deletes it: %v, %v", deleted, err)
	}
	browsers := session.NewToken(store.NewID(time.Now())).Text()
	for _, text := range []string{browsers, strings.ReplaceAll(browsers, ".", ""), browsers[:46]} {
		if hasToken(t, other, text) {
			t.Errorf("%q is a token", text)
		}
	}
}
