// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package test_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
)

// TestKilledOnAFullDisk kills the gateway while its disk is full, a small file system of
// its own: callers were told so, at once and with a status of their own, look-ups and
// reads went on, the next process starts on the full disk, knows everything that was
// answered, and writes again by itself when there is room.
func TestKilledOnAFullDisk(t *testing.T) {
	folder := smallDisk(t, 12)
	ballast := filepath.Join(folder, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 4<<20), 0o600))
	a, port := newApp(t), freePort(t)
	l := twoApps.with("WIKI", a.address, "TICKETS", a.address)
	file := filepath.Join(folder, "gatehouse.db")
	l.options = fmt.Sprintf("store bbolt %s\n\t\ttoken_service 127.0.0.1:%d", file, port)
	g := start(t, l)
	p := g.person(t, "stays")
	b := g.browser(t)
	b.arrive(p, wiki+"/")

	var tokens []string
	fill := func() {
		t.Helper()
		client := tokenClient(t, port)
		for _, size := range []int{20_000, 100} {
			for {
				token, err := createSized(t, client, size)
				if err != nil {
					if status.Code(err) != codes.ResourceExhausted {
						t.Fatalf("on a full disk: %v", err)
					}
					break
				}
				tokens = append(tokens, token)
			}
		}
	}
	read := func() {
		t.Helper()
		client := tokenClient(t, port)
		for _, token := range tokens {
			read, err := client.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
			if err != nil || len(read.PackedData) == 1 {
				t.Fatalf("a token that was answered: %x, %v", read.GetPackedData(), err)
			}
		}
	}
	fill()
	for range 3 {
		b.mustKnow(p, wiki+"/")
		read()
		if line := g.log.tail(1000); !strings.Contains(line, file) || !strings.Contains(line, "no space left") {
			t.Errorf("the operator is not told that the disk is full:\n%s", line)
		}
		g.stop(syscall.SIGKILL)
		checkStore(t, file)
		g.launch()
		g.awaitTokens(t, port)
		read()
		fill()
	}
	must(t, os.Remove(ballast))
	g.await()
	b.mustKnow(p, wiki+"/")
	if _, err := createSized(t, tokenClient(t, port), 20_000); err != nil {
		t.Errorf("with room again: %v", err)
	}
	read()
}

// createSized makes a token with this many bytes of data, and some.
func createSized(t *testing.T, client tokenpb.TokenServiceClient, size int) (string, error) {
	data := append([]byte{0x81, 0xa1, 'v', 0xc5, byte(size >> 8), byte(size)}, make([]byte, size)...)
	made, err := client.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: -1, SilenceRead: -1})
	return made.GetToken(), err
}

// awaitTokens waits until the token service answers.
func (g *gateway) awaitTokens(t *testing.T, port int) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	if _, err := tokenClient(t, port).ReadToken(ctx, new(tokenpb.ReadTokenRequest), grpc.WaitForReady(true)); err != nil {
		t.Fatalf("%v\n%s", err, g.log.tail(30))
	}
}

// smallDisk returns a folder on a file system of so many megabytes.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	folder := t.TempDir()
	require(t, syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)))
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}
